import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

/** A tenant's cron schedule; each of its runs makes one job. */
@Entity({ schema: 'baton', name: 'schedule' })
export class ScheduleEntity {
  @PrimaryColumn('uuid', { name: 'tenant_id' }) tenantId!: string;
  @PrimaryColumn('text') name!: string;
  @Column('text') queue!: string;
  @Column('text') cron!: string;
  @Column('text') timezone!: string;
  /** JSON, as is `job`: what else each job is given. */
  @Column('text') payload!: string;
  @Column('text') job!: string;
  @Column('bigint', { name: 'jitter_ms' }) jitterMs!: number;
  @Column('text', { name: 'catch_up' }) catchUp!: 'skip' | 'one' | 'all';
  @Column('timestamptz', { name: 'paused_at', nullable: true }) pausedAt!: Date | null;
  @Column('timestamptz', { name: 'next_at', nullable: true }) nextAt!: Date | null;
  /** Its queue takes no jobs: its due runs wait until then. */
  @Column('timestamptz', { name: 'retry_at', nullable: true }) retryAt!: Date | null;
  @Column('timestamptz', { name: 'last_at', nullable: true }) lastAt!: Date | null;
  @Column('timestamptz', { name: 'last_fired_at', nullable: true }) lastFiredAt!: Date | null;
  @Column('uuid', { name: 'last_job_id', nullable: true }) lastJobId!: string | null;
  /** JSON `{code, message}`. */
  @Column('text', { name: 'last_error', nullable: true }) lastError!: string | null;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt!: Date;
  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' }) updatedAt!: Date;
}
