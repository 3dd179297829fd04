import { create, toBinary } from '@bufbuild/protobuf';
import { headers, JobRecordSchema } from '@baton/contracts';
import type { OutgoingRecord } from '@baton/messaging';
import type { OutboxJob, OutboxRow, Term } from '@baton/persistence';
import { carrierToHeaders, type TraceCarrier } from '@baton/tracing';

/** A row whose job is still to run, under the epoch with which its record is sent. */
export interface SendableRow {
  row: OutboxRow;
  job: OutboxJob;
  term: Term;
}

/** Of the record's schema; a reader that does not know it must not guess. */
const schemaVersion = '1';

/**
 * The record of one release of a job.
 * @param publishedAtMs when it is handed to the broker, milliseconds since the epoch, for display only
 */
export function jobRecord({ row, job, term }: SendableRow, publishedAtMs: number): OutgoingRecord {
  const { tenantId, orderingKey } = job;
  const value = toBinary(
    JobRecordSchema,
    create(JobRecordSchema, {
      jobId: row.jobId,
      tenantId,
      queue: row.queue,
      attempt: row.attempt,
      failures: job.failures,
      maxAttempts: job.maxAttempts,
      orderingKey: orderingKey ?? '',
      payload: Buffer.from(job.payload),
      timeoutMs: BigInt(job.timeoutMs),
      createdAtMs: BigInt(job.createdAtMs),
      queuedAtMs: BigInt(job.queuedAtMs),
      publishedAtMs: BigInt(publishedAtMs),
      outboxId: BigInt(row.id),
      deadlineAtMs: BigInt(job.deadlineAtMs ?? 0),
      follows: job.follows,
      careful: job.careful,
      ...(job.checkpoint !== null && { checkpoint: Buffer.from(job.checkpoint) }),
      ...(job.parents !== null && { parents: Buffer.from(job.parents) }),
    }),
  );
  const carrier = carrierOf(job);
  return {
    key: orderingKey === null ? row.jobId : `${tenantId}/${orderingKey}`,
    value: Buffer.from(value.buffer, value.byteOffset, value.byteLength),
    headers: {
      [headers.tenant]: tenantId,
      [headers.jobId]: row.jobId,
      [headers.attempt]: String(row.attempt),
      [headers.term]: `${term.shard}:${term.epoch}`,
      [headers.schema]: schemaVersion,
      ...(carrier && carrierToHeaders(carrier)),
    },
  };
}

/** The trace context that was stored with the job. */
export function carrierOf(
  job: Pick<OutboxJob, 'traceparent' | 'tracestate' | 'baggage'>,
): TraceCarrier | undefined {
  const { traceparent, tracestate, baggage } = job;
  if (traceparent === null) return undefined;
  return { traceparent, tracestate: tracestate ?? undefined, baggage: baggage ?? undefined };
}
