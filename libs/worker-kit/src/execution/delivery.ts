import type { TraceCarrier } from '@baton/tracing';

/** One release of a job, as a source hands it over to be run: the same from PostgreSQL and from Kafka. */
export interface Delivery {
  readonly jobId: string;
  readonly tenantId: string;
  readonly queue: string;
  /** The fence: what is said under another attempt changes nothing. */
  readonly attempt: number;
  readonly failures: number;
  readonly maxAttempts: number;
  /** In this very attempt another worker may have entered the handler before. */
  readonly redelivered?: boolean;
  /** This entry of the handler. */
  readonly executionId: string;
  /** The incarnation of the worker that took the job, and alone may speak of it. */
  readonly workerId: string;
  readonly orderingKey: string | undefined;
  /** JSON, not yet parsed. */
  readonly payload: string;
  readonly timeoutMs: number;
  /** When the client expects the job to be done, milliseconds since the epoch. */
  readonly deadlineAtMs: number | undefined;
  /** More follows from the job's end than its result: a hint for settle. */
  readonly follows: boolean;
  /** It runs alone, announced before it is entered: its last worker died while it ran. */
  readonly careful: boolean;
  /** JSON that an earlier attempt kept for this one. */
  readonly checkpoint: string | undefined;
  /** JSON: what became of the jobs that it depends on; undefined: it has none. */
  readonly parents?: string | undefined;
  /** Milliseconds since the epoch, by the clock of PostgreSQL. */
  readonly createdAtMs: number;
  readonly queuedAtMs: number;
  /** The trace context stored with the job. */
  readonly carrier: TraceCarrier | undefined;
  readonly arrival: Arrival;
}

/** How the job came here, for its `worker.ack_wake` span. */
export type Arrival =
  | { readonly system: 'postgresql' }
  | {
      readonly system: 'kafka';
      readonly topic: string;
      readonly partition: number;
      readonly offset: bigint;
      readonly group: string;
      readonly publishedAtMs: number;
      /** When the record was read here. */
      readonly readAtMs: number;
    };

/** Names one release of a job among all. */
export const releaseKey = ({ jobId, attempt }: { jobId: string; attempt: number }): string =>
  `${jobId}/${attempt}`;
