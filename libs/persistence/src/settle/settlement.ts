import type { ErrorCode, JobState, OutcomeKind } from '@baton/contracts';
import type { ClaimedJob } from '../sql/claimed-job.js';
import type { LaneKey } from '../sql/lane-key.js';
import type { Released } from '../sql/release-jobs.sql.js';

/** A file that a handler returned. With neither `bytes` nor `key` it lies in PostgreSQL, and its bytes are read apart. */
export interface JobFile {
  kind: 'file';
  mediaType: string;
  name: string;
  /** Hex. */
  sha256: string;
  /** Bytes. */
  size: number;
  bytes?: Buffer | undefined;
  /** Its name in S3, where it lies there. */
  key?: string | undefined;
}

export type JobResult = { kind: 'json'; json: string } | JobFile;

export interface JobFailure {
  code: ErrorCode;
  message: string;
  stack?: string | undefined;
  retryable: boolean;
}

/** What a running handler said of its work. What is absent is unchanged. */
export interface ProgressNote {
  /** 0 to 1. */
  fraction?: number;
  /** JSON. */
  data?: string;
  /** JSON, for the next attempt. */
  checkpoint?: string;
}

/** One thing that a worker said of an execution. Times are its own clock's, for display only. */
export interface Settlement {
  jobId: string;
  attempt: number;
  executionId: string;
  workerId: string;
  tenantId: string;
  queue: string;
  orderingKey: string | undefined;
  /** The worker was told that more follows from the job's end than its result. A hint: the job's row decides. */
  follows?: boolean | undefined;
  kind: OutcomeKind;
  /** Of `started`: nothing else runs in its process. */
  alone?: boolean | undefined;
  /** Of `started`: it is entered only if it owns its attempt, and its worker waits for the answer. */
  asks?: boolean | undefined;
  startedAtMs: number;
  finishedAtMs?: number | undefined;
  result?: JobResult | undefined;
  error?: JobFailure | undefined;
  /** When a snoozed job, or one whose handler named the time, is due again. */
  retryAtMs?: number | undefined;
  /** What `progress` says, and what any other word may say besides: it is kept before the word itself is applied. */
  progress?: ProgressNote | undefined;
}

/**
 * What became of a settlement.
 * - `applied`: it moved the job.
 * - `duplicate`: the owner said it before.
 * - `refused`: another execution owns the attempt, or a newer attempt runs, or the job ended by another.
 * - `busy`: its lane is locked elsewhere; say it again in the next round.
 */
export type Verdict = 'applied' | 'duplicate' | 'refused' | 'busy';

/** The trace context as a job's row keeps it. */
export interface StoredTrace {
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
}

/** A job's end, as it is shown to clients. */
export interface TerminalOutcome extends StoredTrace {
  jobId: string;
  tenantId: string;
  queue: string;
  state: 'succeeded' | 'dead' | 'cancelled';
  /** `generation:seq`, the place in the job's event log. */
  cursor: string;
  attempt: number;
  /** Null: it was cancelled before anyone entered its handler. */
  executionId: string | null;
  finishedAtMs: number;
  /** When its last attempt was released. */
  queuedAtMs?: number | undefined;
  result?: JobResult | undefined;
  /** After which the result is gone, milliseconds since the epoch. */
  untilMs?: number | undefined;
  /** By PostgreSQL's clock it is gone. */
  expired?: boolean | undefined;
  /** How long its queue wants it kept hot, milliseconds. */
  hotMs?: number | undefined;
  error?: JobFailure | undefined;
}

export interface Settled {
  settlement: Settlement;
  verdict: Verdict;
  /** The job's state after it was applied. */
  state?: JobState;
  /** The job's stored context, where an outcome was applied. */
  trace?: StoredTrace;
  terminal?: TerminalOutcome;
}

export interface SettleReport {
  /** One for each settlement, in their order. */
  settled: Settled[];
  /** Jobs that may run now: wake their queues. */
  released: Released[];
  /** Jobs that run now in the executions which the settling worker offered. */
  handed?: ClaimedJob[];
  /** Live jobs whose logs have a new event: wake whoever watches them. */
  progressed?: string[];
  /** When gates are due, milliseconds since the epoch: wake the timers. */
  openGates: string[];
  /** Jobs that were cancelled with their parents: tell who waits for them. */
  cascaded: TerminalOutcome[];
  /** Jobs whose dependants are still to be told: wake the relay. */
  followUps: string[];
  /** The earliest due time of a retry, milliseconds since the epoch: wake the timers. */
  earliestRetryMs?: number | undefined;
}

/** The error as it is kept and shown. */
export function errorJson(error: JobFailure): string {
  const { code, message, stack } = error;
  return JSON.stringify(stack === undefined ? { code, message } : { code, message, stack });
}

/**
 * The first outcome of each attempt. Of an attempt that no execution owns yet, the first that is heard of takes it;
 * the others are stale from then on.
 */
export function firstOfEachAttempt(ended: readonly Settlement[]): Settlement[] {
  const first = new Map<string, Settlement>();
  for (const settlement of ended) {
    const attempt = `${settlement.jobId}/${settlement.attempt}`;
    if (!first.has(attempt)) first.set(attempt, settlement);
  }
  return [...first.values()];
}

/** The lane of which the job is. */
export function laneOf({ tenantId, queue, orderingKey }: Settlement): LaneKey | undefined {
  return orderingKey === undefined ? undefined : { tenantId, queue, orderingKey };
}
