import type { Backoff, DispatchMode, HoldReason, JobState } from '@baton/contracts';
import { Column, PrimaryColumn } from 'typeorm';

/** What a live job and one in history have in common. */
export abstract class JobColumns {
  @PrimaryColumn('uuid') id!: string;
  @Column('uuid', { name: 'tenant_id' }) tenantId!: string;
  @Column('text') queue!: string;
  @Column('text') state!: JobState;
  @Column('text', { nullable: true }) reason!: HoldReason | null;
  /** Mode in which the current attempt was released. */
  @Column('text', { nullable: true }) mode!: DispatchMode | null;
  @Column('smallint') priority!: number;
  @Column('text', { name: 'ordering_key', nullable: true }) orderingKey!: string | null;
  @Column('bigint', { name: 'lane_place', nullable: true }) lanePlace!: number | null;
  /** JSON. */
  @Column('text') payload!: string;
  @Column('jsonb', { nullable: true }) metadata!: Record<string, string> | null;
  @Column('integer') attempt!: number;
  @Column('integer') failures!: number;
  @Column('integer', { name: 'max_attempts' }) maxAttempts!: number;
  @Column('jsonb', { nullable: true }) backoff!: Backoff | null;
  @Column('bigint', { name: 'timeout_ms' }) timeoutMs!: number;
  @Column('integer') generation!: number;
  @Column('integer') seq!: number;
  @Column('integer', { name: 'queued_seq', nullable: true }) queuedSeq!: number | null;
  @Column('integer', { name: 'started_seq', nullable: true }) startedSeq!: number | null;
  @Column('timestamptz', { name: 'created_at' }) createdAt!: Date;
  @Column('timestamptz', { name: 'run_at', nullable: true }) runAt!: Date | null;
  @Column('timestamptz', { name: 'queued_at', nullable: true }) queuedAt!: Date | null;
  @Column('timestamptz', { name: 'started_at', nullable: true }) startedAt!: Date | null;
  @Column('uuid', { name: 'worker_id', nullable: true }) workerId!: string | null;
  @Column('uuid', { name: 'execution_id', nullable: true }) executionId!: string | null;
  @Column('bigint', { name: 'outbox_id', nullable: true }) outboxId!: number | null;
  @Column('text', { nullable: true }) traceparent!: string | null;
  @Column('text', { nullable: true }) tracestate!: string | null;
  @Column('text', { nullable: true }) baggage!: string | null;
  @Column('text', { name: 'concurrency_key', nullable: true }) concurrencyKey!: string | null;
  /** Held before a limit: 1 its key's, 2 its queue's. */
  @Column('smallint', { nullable: true }) gate!: 1 | 2 | null;
  /** Gates passed, as bits. */
  @Column('smallint') slots!: number;
  /** More follows from its end than its result. */
  @Column('boolean') follows!: boolean;
  /** That it was accepted with, finished or not. */
  @Column('integer') parents!: number;
  @Column('integer', { name: 'pending_parents' }) pendingParents!: number;
  @Column('boolean', { name: 'has_dependants' }) hasDependants!: boolean;
  @Column('uuid', { name: 'flow_id', nullable: true }) flowId!: string | null;
  @Column('bytea', { name: 'unique_hash', nullable: true }) uniqueHash!: Buffer | null;
  @Column('bigint', { name: 'expect_ms', nullable: true }) expectMs!: number | null;
  @Column('timestamptz', { name: 'deadline_at', nullable: true }) deadlineAt!: Date | null;
  @Column('timestamptz', { name: 'overdue_at', nullable: true }) overdueAt!: Date | null;
  @Column('timestamptz', { name: 'cancel_requested_at', nullable: true }) cancelRequestedAt!: Date | null;
  @Column('timestamptz', { name: 'cancel_by', nullable: true }) cancelBy!: Date | null;
  @Column('text', { name: 'cancel_reason', nullable: true }) cancelReason!: string | null;
  @Column('smallint') crashes!: number;
  @Column('boolean') careful!: boolean;
  @Column('boolean') alone!: boolean;
  /** The worker with which its last lost attempt went; what is held against the job is taken back should it return. */
  @Column('uuid', { name: 'died_with', nullable: true }) diedWith!: string | null;
  @Column('text', { nullable: true }) death!: 'counted' | 'unsure' | null;
  @Column('double precision', { nullable: true }) progress!: number | null;
  /** JSON, as are the next three. */
  @Column('text', { name: 'progress_data', nullable: true }) progressData!: string | null;
  @Column('text', { nullable: true }) checkpoint!: string | null;
  @Column('text', { nullable: true }) webhook!: string | null;
  @Column('text', { nullable: true }) delivery!: string | null;
  /** The due time it was accepted with; null: it was due at once. */
  @Column('timestamptz', { name: 'first_due_at', nullable: true }) firstDueAt!: Date | null;
  /** An endpoint is to be told of it that it does not name. */
  @Column('boolean') subscribed!: boolean;
}
