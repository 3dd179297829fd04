import type { DispatchMode } from '@baton/contracts';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** One incarnation of a worker process. */
@Entity({ schema: 'baton', name: 'worker' })
export class WorkerEntity {
  @PrimaryColumn('uuid') id!: string;
  @Column({ type: 'integer', insert: false }) number!: number;
  @Column('text') source!: DispatchMode;
  @Column('text') host!: string;
  @Column('integer') pid!: number;
  @Column('text', { array: true }) queues!: string[];
  @Column('text') state!: 'alive' | 'lost' | 'left';
  @Column('timestamptz', { name: 'registered_at' }) registeredAt!: Date;
  @Column('timestamptz', { name: 'lease_until', nullable: true }) leaseUntil!: Date | null;
  @Column('timestamptz', { name: 'heard_at', nullable: true }) heardAt!: Date | null;
  @Column('integer', { nullable: true }) partition!: number | null;
}
