import { fromBinary } from '@bufbuild/protobuf';
import { headers, JobRecordSchema, type JobRecord } from '@baton/contracts';
import { parseTerm, type IncomingRecord, type Term } from '@baton/messaging';
import { carrierFromHeaders } from '@baton/tracing';
import { uuidv7 } from 'uuidv7';
import type { Delivery } from '../execution/delivery.js';
import type { Spoken } from './words.js';

export type Decoded = { ok: true; delivery: Delivery } | { ok: false; reason: string };

export interface Reading {
  workerId: string;
  queue: string;
  group: string;
  readAtMs: number;
  /** Another worker may have entered its handler. */
  redelivered: boolean;
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const knownSchema = '1';

/** The term of the leader that published the record; undefined where it is missing or no term. */
export function termOf(record: IncomingRecord): Term | undefined {
  return parseTerm(record.headers[headers.term]);
}

/** One reading of a record on a job topic. */
export function decodeRecord(record: IncomingRecord, reading: Reading): Decoded {
  const schema = record.headers[headers.schema];
  if (schema !== knownSchema)
    return refuse(`its ${headers.schema} is ${JSON.stringify(schema)}; this worker knows ${knownSchema}`);
  if (!termOf(record))
    return refuse(
      `its ${headers.term} is ${JSON.stringify(record.headers[headers.term])}; expected <shard>:<epoch>`,
    );
  if (record.value === null) return refuse('it has no value');
  let job: JobRecord;
  try {
    job = fromBinary(JobRecordSchema, record.value);
  } catch (error) {
    return refuse(`its value is no JobRecord: ${(error as Error).message}`);
  }
  const wrong = wrongField(job, reading.queue);
  return wrong ? refuse(wrong) : { ok: true, delivery: deliveryOf(job, record, reading) };
}

function wrongField(job: JobRecord, queue: string): string | undefined {
  if (!uuid.test(job.jobId)) return `its job id is ${JSON.stringify(job.jobId)}`;
  if (!uuid.test(job.tenantId)) return `its tenant id is ${JSON.stringify(job.tenantId)}`;
  if (job.queue !== queue) return `it is of queue ${JSON.stringify(job.queue)}`;
  if (job.attempt < 1) return `its attempt is ${job.attempt}`;
  if (job.orderingKey.includes('\0')) return 'its ordering key holds a null character';
  if (job.timeoutMs < 1n) return `its timeout is ${job.timeoutMs} ms`;
  return undefined;
}

function deliveryOf(
  job: JobRecord,
  record: IncomingRecord,
  { workerId, group, readAtMs, redelivered }: Reading,
): Delivery {
  const { jobId, tenantId, queue, attempt, failures, maxAttempts, orderingKey, payload } = job;
  const { topic, partition, offset } = record;
  return {
    jobId,
    tenantId,
    queue,
    attempt,
    failures,
    maxAttempts,
    workerId,
    redelivered,
    executionId: uuidv7(),
    orderingKey: orderingKey === '' ? undefined : orderingKey,
    payload: textOf(payload),
    timeoutMs: Number(job.timeoutMs),
    deadlineAtMs: job.deadlineAtMs === 0n ? undefined : Number(job.deadlineAtMs),
    follows: job.follows,
    careful: job.careful,
    checkpoint: job.checkpoint.length === 0 ? undefined : textOf(job.checkpoint),
    parents: job.parents.length === 0 ? undefined : textOf(job.parents),
    createdAtMs: Number(job.createdAtMs),
    queuedAtMs: Number(job.queuedAtMs),
    carrier: carrierFromHeaders(record.headers),
    arrival: {
      system: 'kafka',
      topic,
      partition,
      offset,
      group,
      publishedAtMs: Number(job.publishedAtMs),
      readAtMs,
    },
  };
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}

/** Which job an undecodable record was of, if its headers say so: then its job can be told dead. */
export function spokenOf(record: IncomingRecord, queue: string): Spoken | undefined {
  const jobId = record.headers[headers.jobId] ?? '';
  const tenantId = record.headers[headers.tenant] ?? '';
  const attempt = Number(record.headers[headers.attempt]);
  if (!uuid.test(jobId) || !uuid.test(tenantId) || !Number.isInteger(attempt) || attempt < 1)
    return undefined;
  const key = record.key?.toString() ?? jobId;
  const orderingKey = key.startsWith(`${tenantId}/`) ? key.slice(tenantId.length + 1) : undefined;
  return { jobId, tenantId, attempt, queue, orderingKey, follows: false, executionId: uuidv7() };
}

function refuse(reason: string): Decoded {
  return { ok: false, reason };
}
