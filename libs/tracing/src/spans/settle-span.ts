import type { Span, TimeInput } from '@opentelemetry/api';
import { linkTo, startBatchSpan } from './batch-span.js';
import { isDrawn, startAt, underRun, type JobOfSpan } from './job-span.js';
import { derivedSpanId } from './span-ids.js';
import { attributeNames, spanKinds, spanNames } from './span-names.js';

export interface SettledJob extends JobOfSpan {
  /** Absent where nothing ran: refused by the broker, cancelled before its turn. */
  executionId?: string | undefined;
  /** What settle made of it: the outcome's kind, or `duplicate`, `stale`. */
  outcome: string;
}

/** One settling transaction: `inbox` in the relay, `worker` by a polling worker itself. */
export interface SettleBatch {
  via: 'inbox' | 'worker';
  startTime: TimeInput;
  endTime: TimeInput;
  jobs: readonly SettledJob[];
}

/** `result.settle` for each sampled job, under its run, and `result.settle_batch` for the whole. After the commit. */
export function recordSettleBatch(batch: SettleBatch): void {
  const drawn = batch.jobs.filter((job) => isDrawn(job.carrier));
  if (drawn.length === 0) return;
  const whole = startBatchSpan(spanNames.settleBatch, drawn, {
    kind: spanKinds.settle[batch.via],
    startTime: batch.startTime,
    attributes: { ...settling(batch.via), [attributeNames.batchCount]: batch.jobs.length },
  });
  for (const job of drawn) drawSettle(job, batch, whole);
  whole.end(batch.endTime);
}

/** `result.settle` of a lone job. */
export function recordSettle(job: SettledJob & Omit<SettleBatch, 'jobs'>): void {
  if (isDrawn(job.carrier)) drawSettle(job, job, undefined);
}

function drawSettle(job: SettledJob, batch: Omit<SettleBatch, 'jobs'>, whole: Span | undefined): void {
  startAt(underRun(job), spanNames.settle, {
    kind: spanKinds.settle[batch.via],
    spanId: derivedSpanId('settle', job.jobId, job.attempt, job.executionId ?? '', job.outcome),
    startTime: batch.startTime,
    links: linkTo(whole),
    attributes: { ...settling(batch.via), [attributeNames.outcome]: job.outcome },
  }).end(batch.endTime);
}

function settling(via: SettleBatch['via']): Record<string, string> {
  return {
    [attributeNames.messagingSystem]: via === 'inbox' ? 'kafka' : 'postgresql',
    [attributeNames.operationName]: 'settle',
    [attributeNames.operationType]: 'settle',
  };
}
