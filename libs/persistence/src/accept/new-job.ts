import type { Backoff, FailurePolicy, JobState, UniqueConflict } from '@baton/contracts';
import type { TraceCarrier } from '@baton/tracing';
import type { ReadJob } from '../sql/read-jobs.sql.js';

/** A job that must be finished before another. */
export interface ParentRef {
  /** Of the tenant, or of the same request. */
  jobId: string;
  onFailure: FailurePolicy;
  /** Its name in the flow of both. */
  name?: string | undefined;
}

/** By what a job is unique among those of its tenant and queue, and what becomes of it when it is not. */
export interface UniqueRule {
  hash: Buffer;
  /** A job in one of these is in the way. */
  states: readonly JobState[];
  /** Only one that was accepted so recently is in the way. */
  withinMs?: number | undefined;
  onConflict: UniqueConflict;
}

/** A job as a client asks for it. What is left out is the queue's. */
export interface NewJob {
  /** UUIDv7. */
  id: string;
  queue: string;
  /** As PostgreSQL sorts it: 0 is the most urgent. */
  priority: number;
  /** JSON. */
  payload: string;
  /** Ids of the uploads that its payload names; they live as long as the job. */
  uploads?: readonly string[] | undefined;
  orderingKey?: string | undefined;
  /** Limits by key count by it; where it is left out, by the ordering key. */
  concurrencyKey?: string | undefined;
  metadata?: Readonly<Record<string, string>> | undefined;
  maxAttempts?: number | undefined;
  backoff?: Backoff | undefined;
  timeoutMs?: number | undefined;
  /** When it should be done, from when it became due. */
  expectMs?: number | undefined;
  flowId?: string | undefined;
  /** Each once. Bounds are the caller's to keep. */
  dependsOn?: readonly ParentRef[] | undefined;
  unique?: UniqueRule | undefined;
  /** JSON, as the client gave them. */
  webhook?: string | undefined;
  delivery?: string | undefined;
  /** When it is due, milliseconds since the epoch; or how long after its acceptance. One of them, or neither. */
  runAtMs?: number | undefined;
  delayMs?: number | undefined;
  /** Captured when the request came in: when its group is written, another request's context may be active. */
  trace: TraceCarrier;
}

/** Says that a repeated request is the same one. Scoped by tenant and route. */
export interface IdempotencyKey {
  route: string;
  key: string;
  /** SHA-256 of the raw body. */
  bodyHash: Buffer;
}

/** Jobs that are accepted all or none. */
export interface AcceptRequest {
  tenantId: string;
  jobs: readonly NewJob[];
  idempotency?: IdempotencyKey | undefined;
  /** The jobs are a flow of this id; its names are in their order. */
  flow?: { id: string; names: readonly string[] } | undefined;
}

export interface Accepted {
  /** In the request's order, as they were when their transaction ended. */
  jobs: ReadJob[];
  /** True: an earlier request with this key and body made them. */
  repeated: boolean;
  /** Ids of those that were there already, and stand for jobs of the request that were not unique. */
  existing: ReadonlySet<string>;
}
