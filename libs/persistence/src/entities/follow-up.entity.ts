import type { TerminalState } from '@baton/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A terminal job whose dependants are still to be told. */
@Entity({ schema: 'baton', name: 'follow_up' })
export class FollowUpEntity {
  @PrimaryColumn('uuid', { name: 'job_id' }) jobId!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') state!: TerminalState;
  /** Raised each time it is noted. */
  @Column('integer') times!: number;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt!: Date;
}
