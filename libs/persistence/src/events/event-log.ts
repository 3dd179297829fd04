import type { HoldReason, JobEventType, JobState } from '@baton/contracts';
import type { AttemptRow } from '../sql/read-attempts.sql.js';

/** One event of a job's log. */
export interface LoggedEvent {
  generation: number;
  /** Its number within the generation, from 1, without a gap. */
  seq: number;
  type: JobEventType;
  /** Milliseconds since the epoch, PostgreSQL's clock where it decided the event. */
  atMs: number;
  data: Record<string, unknown>;
}

/** What a job's row says of its events. Times are milliseconds since the epoch. */
export interface EventSource {
  id: string;
  tenantId: string;
  queue: string;
  state: JobState;
  reason: HoldReason | null;
  generation: number;
  /** The last number given. */
  seq: number;
  attempt: number;
  failures: number;
  createdAtMs: number;
  firstDueAtMs: number | null;
  runAtMs: number | null;
  queuedSeq: number | null;
  queuedAtMs: number | null;
  startedSeq: number | null;
  startedAtMs: number | null;
  finishedAtMs: number | null;
  workerId: string | null;
  executionId: string | null;
  progress: number | null;
  /** JSON, as are the next two. */
  progressData: string | null;
  error: string | null;
  /** Of a small JSON result only. */
  result: string | null;
  overdueAtMs: number | null;
  cancelRequestedAtMs: number | null;
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
}

/** An attempt that ended before its job did, with the numbers of its events. */
export interface AttemptSource extends AttemptRow {
  queuedAtMs: number | null;
  queuedSeq: number | null;
  startedSeq: number | null;
  /** The next one, if it has a time, is that of `job.scheduled`. */
  endedSeq: number;
  retryAtMs: number | null;
}

/** A row of `job_event`. */
export interface NoteSource {
  seq: number;
  type: JobEventType;
  atMs: number;
  /** JSON. */
  data: string | null;
}

/**
 * A part of a job's log, as it was at one moment: the attempts and notes that have numbers from `after` on, and the last
 * of each before it.
 */
export interface EventLog {
  row: EventSource;
  attempts: AttemptSource[];
  notes: NoteSource[];
  /** The earliest ended attempt of the generation that is still on record. */
  oldest: { attempt: number; firstSeq: number } | null;
}
