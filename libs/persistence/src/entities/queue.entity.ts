import type { Backoff, DispatchMode } from '@baton/contracts';
import { Column, CreateDateColumn, Entity, PrimaryColumn, UpdateDateColumn } from 'typeorm';

@Entity({ schema: 'baton', name: 'queue' })
export class QueueEntity {
  @PrimaryColumn('text') name!: string;
  @Column('text', { name: 'dispatch_mode' }) dispatchMode!: DispatchMode;
  @Column('integer', { name: 'max_attempts' }) maxAttempts!: number;
  @Column('jsonb') backoff!: Backoff;
  @Column('bigint', { name: 'timeout_ms' }) timeoutMs!: number;
  /** Records that may lie unread on the queue's topic; the rest of the backlog stays in PostgreSQL. */
  @Column('integer', { name: 'publish_window' }) publishWindow!: number;
  @Column('integer', { name: 'concurrency_total', nullable: true }) concurrencyTotal!: number | null;
  @Column('integer', { name: 'concurrency_per_key', nullable: true }) concurrencyPerKey!: number | null;
  @Column('integer', { name: 'rate_limit', nullable: true }) rateLimit!: number | null;
  @Column('bigint', { name: 'rate_per_ms', nullable: true }) ratePerMs!: number | null;
  @Column('integer', { name: 'rate_burst', nullable: true }) rateBurst!: number | null;
  @Column('boolean', { name: 'rate_per_key' }) ratePerKey!: boolean;
  @Column('bigint', { name: 'expect_ms', nullable: true }) expectMs!: number | null;
  @Column('integer', { name: 'max_backlog' }) maxBacklog!: number;
  /** JSON Schema 2020-12 of payloads. */
  @Column('jsonb', { nullable: true }) schema!: object | null;
  @Column('text') fairness!: 'none' | 'tenant';
  @Column('boolean') events!: boolean;
  @Column('smallint', { name: 'max_crashes' }) maxCrashes!: number;
  @Column('bigint', { name: 'cancel_grace_ms' }) cancelGraceMs!: number;
  @Column('bigint', { name: 'retention_succeeded_ms' }) retentionSucceededMs!: number;
  @Column('bigint', { name: 'retention_cancelled_ms' }) retentionCancelledMs!: number;
  @Column('bigint', { name: 'retention_dead_ms' }) retentionDeadMs!: number;
  @Column('bigint', { name: 'results_hot_ms' }) resultsHotMs!: number;
  @Column('bigint', { name: 'results_warm_ms' }) resultsWarmMs!: number;
  @Column('timestamptz', { name: 'paused_at', nullable: true }) pausedAt!: Date | null;
  @Column('timestamptz', { name: 'draining_at', nullable: true }) drainingAt!: Date | null;
  /** Draining, it was found empty. */
  @Column('timestamptz', { name: 'drained_at', nullable: true }) drainedAt!: Date | null;
  /** Its settings have changed: the timers look at all its gates. */
  @Column({ type: 'boolean', insert: false }) regate!: boolean;
  /** PostgreSQL's own: it is paused, has a limit, or is fair. */
  @Column({ type: 'boolean', insert: false, update: false }) gated!: boolean;
  @CreateDateColumn({ type: 'timestamptz', name: 'created_at' }) createdAt!: Date;
  @UpdateDateColumn({ type: 'timestamptz', name: 'updated_at' }) updatedAt!: Date;
}
