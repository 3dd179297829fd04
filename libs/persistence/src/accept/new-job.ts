import type { Backoff } from '@baton/contracts';
import type { TraceCarrier } from '@baton/tracing';
import type { ReadJob } from '../sql/read-jobs.sql.js';

/** A job as a client asks for it. What is left out is the queue's. */
export interface NewJob {
  /** UUIDv7. */
  id: string;
  queue: string;
  /** As PostgreSQL sorts it: 0 is the most urgent. */
  priority: number;
  /** JSON. */
  payload: string;
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
  /** Names what it is unique by. */
  uniqueHash?: Buffer | undefined;
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
}

export interface Accepted {
  /** In the request's order, as they were when their transaction ended. */
  jobs: ReadJob[];
  /** True: an earlier request with this key and body made them. */
  repeated: boolean;
}
