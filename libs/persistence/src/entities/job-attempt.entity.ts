import { Column, Entity, PrimaryColumn } from 'typeorm';

/** An attempt that ended without ending its job. */
@Entity({ schema: 'baton', name: 'job_attempt' })
export class JobAttemptEntity {
  @PrimaryColumn('uuid', { name: 'job_id' }) jobId!: string;
  @PrimaryColumn('integer') generation!: number;
  @PrimaryColumn('integer') attempt!: number;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('uuid', { name: 'execution_id', nullable: true }) executionId!: string | null;
  @Column('uuid', { name: 'worker_id', nullable: true }) workerId!: string | null;
  @Column('timestamptz', { name: 'queued_at', nullable: true }) queuedAt!: Date | null;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('timestamptz', { name: 'finished_at' }) finishedAt!: Date;
  @Column('text') outcome!: 'failed' | 'snoozed' | 'released' | 'lost';
  /** JSON `{code, message, stack?}`. */
  @Column('text', { nullable: true }) error!: string | null;
  @Column('timestamptz', { name: 'retry_at', nullable: true }) retryAt!: Date | null;
  @Column('integer', { name: 'queued_seq', nullable: true }) queuedSeq!: number | null;
  @Column('integer', { name: 'started_seq', nullable: true }) startedSeq!: number | null;
  @Column('integer', { name: 'ended_seq' }) endedSeq!: number;
}
