import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A limit's counter: of a queue, or of one concurrency key of a tenant. */
@Entity({ schema: 'baton', name: 'gate' })
export class GateEntity {
  @PrimaryColumn('text') queue!: string;
  /** '' for the queue's own. */
  @PrimaryColumn('text') key!: string;
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  /** Jobs that have passed it and hold its slot. */
  @Column('integer') running!: number;
  @Column('double precision', { nullable: true }) tokens!: number | null;
  @Column('timestamptz', { name: 'refilled_at', nullable: true }) refilledAt!: Date | null;
  /** The timers look then. */
  /** Let through, of 32: when the lower priorities have their turn. */
  @Column('smallint') taken!: number;
  @Column('timestamptz', { name: 'due_at', nullable: true }) dueAt!: Date | null;
  /** Of a fair queue: the tenant that was served last. */
  @Column('uuid', { nullable: true }) turn!: string | null;
}
