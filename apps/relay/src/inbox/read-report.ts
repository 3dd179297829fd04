import { fromBinary } from '@bufbuild/protobuf';
import {
  errorCodes,
  Outcome,
  WorkerReportSchema,
  type ErrorCode,
  type Execution,
  type ExecutionEnded,
  type ExecutionProgress,
  type WorkerEvent,
} from '@baton/contracts';
import type { JobFailure, JobResult, Settlement } from '@baton/persistence';
import { UndecodableError } from './undecodable.error.js';

/** What one record says. */
export interface Report {
  /** Absent: a relay's tick. */
  workerId: string | undefined;
  /** In the order in which the worker said them. */
  settlements: Settlement[];
  registration?: { host: string; pid: number; queues: string[] };
  left: boolean;
  /** What the worker runs and has announced, by its last heartbeat in the record. */
  heartbeat?: string[];
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const kinds = {
  [Outcome.SUCCEEDED]: 'succeeded',
  [Outcome.FAILED]: 'failed',
  [Outcome.SNOOZED]: 'snoozed',
  [Outcome.CANCELLED]: 'cancelled',
  [Outcome.RELEASED]: 'released',
} as const;

/** Reads a record's bytes. @throws UndecodableError */
export function readReport(bytes: Buffer | null): Report {
  const { workerId, events } = decode(bytes);
  const report: Report = { workerId: undefined, settlements: [], left: false };
  if (workerId !== '') report.workerId = id('worker_id', workerId);
  for (const { event } of events) read(report, event);
  return report;
}

function decode(bytes: Buffer | null) {
  if (bytes === null) throw new UndecodableError('the record has no value');
  try {
    return fromBinary(WorkerReportSchema, bytes);
  } catch (error) {
    throw new UndecodableError('the value is no WorkerReport', { cause: error });
  }
}

function read(report: Report, event: WorkerEvent['event']): void {
  switch (event.case) {
    case 'tick':
      return;
    case undefined:
      throw new UndecodableError('an event is of no kind that is known here');
  }
  const { workerId } = report;
  if (workerId === undefined) throw new UndecodableError(`${event.case} is said by no worker`);
  switch (event.case) {
    case 'registered': {
      const { host, pid, queues } = event.value;
      report.registration = {
        host: text('host', host),
        pid,
        queues: queues.map((queue) => text('queues', queue)),
      };
      return;
    }
    case 'started':
      report.settlements.push({
        ...execution(event.value.execution, workerId),
        kind: 'started',
        alone: event.value.alone,
        asks: event.value.asks,
        startedAtMs: Number(event.value.startedAtMs),
      });
      return;
    case 'ended':
      report.settlements.push(ended(event.value, workerId));
      return;
    case 'left':
      report.left = true;
      return;
    case 'heartbeat':
      report.heartbeat = event.value.executionIds.map((executionId) => id('execution_ids', executionId));
      return;
    case 'progress':
      report.settlements.push(progressed(event.value, workerId));
      return;
  }
}

function ended(value: ExecutionEnded, workerId: string): Settlement {
  if (value.outcome === Outcome.UNSPECIFIED || !(value.outcome in kinds)) {
    throw new UndecodableError(`outcome ${value.outcome} is none of ${Object.values(kinds).join(', ')}`);
  }
  return {
    ...execution(value.execution, workerId),
    kind: kinds[value.outcome],
    startedAtMs: Number(value.startedAtMs),
    finishedAtMs: Number(value.finishedAtMs),
    result: result(value.result),
    error: value.failure && failure(value.failure),
    retryAtMs: value.retryAtMs === undefined ? undefined : Number(value.retryAtMs),
  };
}

function progressed(value: ExecutionProgress, workerId: string): Settlement {
  const { fraction, data, checkpoint, atMs } = value;
  if (fraction !== undefined && !(fraction >= 0 && fraction <= 1))
    throw new UndecodableError(`a fraction is ${fraction}; allowed: 0 to 1`);
  return {
    ...execution(value.execution, workerId),
    kind: 'progress',
    startedAtMs: Number(atMs),
    progress: {
      ...(fraction !== undefined && { fraction }),
      ...(data.length > 0 && { data: json('data', data) }),
      ...(checkpoint.length > 0 && { checkpoint: json('checkpoint', checkpoint) }),
    },
  };
}

/** It is kept beside other JSON, so that what is none would spoil what it stands in. */
function json(field: string, bytes: Uint8Array): string {
  const given = Buffer.from(bytes).toString();
  try {
    JSON.parse(given);
  } catch (error) {
    throw new UndecodableError(`${field} is no JSON`, { cause: error });
  }
  return given;
}

function execution(given: Execution | undefined, workerId: string) {
  if (!given) throw new UndecodableError('an event names no execution');
  return {
    jobId: id('job_id', given.jobId),
    attempt: given.attempt,
    executionId: id('execution_id', given.executionId),
    workerId,
    tenantId: id('tenant_id', given.tenantId),
    queue: text('queue', given.queue),
    orderingKey: given.orderingKey === '' ? undefined : text('ordering_key', given.orderingKey),
    follows: given.follows,
  };
}

function result(given: ExecutionEnded['result']): JobResult | undefined {
  switch (given.case) {
    case 'json':
      return { kind: 'json', json: Buffer.from(given.value).toString() };
    case 'file': {
      const { mediaType, name, sha256, key, bytes } = given.value;
      const file = { kind: 'file', mediaType, name, sha256 } as const;
      if (key !== '') return { ...file, key: text('key', key), size: Number(given.value.size) };
      // A worker of a release before does not say the size.
      return { ...file, bytes: Buffer.from(bytes), size: bytes.length };
    }
    case undefined:
      return undefined;
  }
}

function failure({ code, message, stack, retryable }: NonNullable<ExecutionEnded['failure']>): JobFailure {
  const known = code in errorCodes ? (code as ErrorCode) : 'handler_error';
  return { code: known, message, stack: stack === '' ? undefined : stack, retryable };
}

/** PostgreSQL would refuse another form, and with it the whole batch. */
function id(field: string, value: string): string {
  if (!uuid.test(value)) throw new UndecodableError(`${field} is ${JSON.stringify(value)}, which is no UUID`);
  return value.toLowerCase();
}

function text(field: string, value: string): string {
  if (value.includes('\0')) throw new UndecodableError(`${field} holds a null character`);
  return value;
}
