import type { Span, TimeInput } from '@opentelemetry/api';
import { linkTo, startBatchSpan } from './batch-span.js';
import { failSpan, isDrawn, startAt, underProduce, type JobOfSpan, type SpanError } from './job-span.js';
import { derivedSpanId } from './span-ids.js';
import { attributeNames, spanKinds, spanNames } from './span-names.js';

export interface PublishedJob extends JobOfSpan {
  outboxId: string | number;
  partition?: number | undefined;
  offset?: string | number | undefined;
}

/** One send of one topic: when it was handed to the broker, and when the broker had acknowledged it. */
export interface PublishBatch {
  topic: string;
  startTime: TimeInput;
  endTime: TimeInput;
  jobs: readonly PublishedJob[];
  /** Set when the send failed; its jobs are sent again and then get a span that did not fail. */
  error?: SpanError | undefined;
}

/**
 * `relay.publish` for each sampled job of a batch, and `relay.publish_batch` for the whole. Call it after the
 * broker's word: nothing is made before, and nothing at all for a batch without a sampled job.
 */
export function recordPublishBatch(batch: PublishBatch): void {
  const drawn = batch.jobs.filter((job) => isDrawn(job.carrier));
  if (drawn.length === 0) return;
  const whole = startBatchSpan(spanNames.publishBatch, drawn, {
    kind: spanKinds.publishBatch,
    startTime: batch.startTime,
    attributes: { ...sending(batch.topic), [attributeNames.batchCount]: batch.jobs.length },
  });
  for (const job of drawn) drawPublish(job, batch, whole);
  if (batch.error !== undefined) failSpan(whole, batch.error);
  whole.end(batch.endTime);
}

/** `relay.publish` of a lone job; for replay, and for a relay that sends one by one. */
export function recordPublish(job: PublishedJob & Omit<PublishBatch, 'jobs'>): void {
  if (isDrawn(job.carrier)) drawPublish(job, job, undefined);
}

function drawPublish(job: PublishedJob, batch: Omit<PublishBatch, 'jobs'>, whole: Span | undefined): void {
  const span = startAt(underProduce(job), spanNames.publish, {
    kind: spanKinds.publish,
    spanId: derivedSpanId(
      'publish',
      job.jobId,
      job.attempt,
      job.outboxId,
      job.partition ?? '',
      job.offset ?? '',
    ),
    startTime: batch.startTime,
    links: linkTo(whole),
    attributes: {
      ...sending(batch.topic),
      [attributeNames.messageId]: String(job.outboxId),
      [attributeNames.partition]: job.partition?.toString(),
      [attributeNames.offset]: job.offset === undefined ? undefined : Number(job.offset),
    },
  });
  if (batch.error !== undefined) failSpan(span, batch.error);
  span.end(batch.endTime);
}

function sending(topic: string): Record<string, string> {
  return {
    [attributeNames.messagingSystem]: 'kafka',
    [attributeNames.operationName]: 'send',
    [attributeNames.operationType]: 'send',
    [attributeNames.destination]: topic,
  };
}
