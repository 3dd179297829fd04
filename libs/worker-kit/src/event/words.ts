import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { ExecutionEndedSchema, ExecutionProgressSchema } from '@baton/contracts';
import { Outcome as ProtoOutcome, WorkerEventSchema, type WorkerEvent } from '@baton/contracts';
import type { Delivery } from '../execution/delivery.js';
import type { Execution } from '../execution/execution.js';
import type { ExecutionFailure, ExecutionResult, Outcome } from '../execution/outcome.js';
import type { ProgressNote } from '../execution/progress-note.js';

/** What a worker says on `baton.outcomes`. */
export interface Word {
  readonly event: WorkerEvent;
  /** About how many bytes it takes in a record. */
  readonly bytes: number;
}

/** Ids, times and tags of a word without a body. */
const bareBytes = 256;

const outcomes = {
  succeeded: ProtoOutcome.SUCCEEDED,
  failed: ProtoOutcome.FAILED,
  snoozed: ProtoOutcome.SNOOZED,
  cancelled: ProtoOutcome.CANCELLED,
  released: ProtoOutcome.RELEASED,
} as const;

type EndedInit = MessageInitShape<typeof ExecutionEndedSchema>;
type ProgressInit = MessageInitShape<typeof ExecutionProgressSchema>;

export function registered(host: string, pid: number, queues: readonly string[]): Word {
  return word({ case: 'registered', value: { host, pid, queues: [...queues] } }, queues.length * 64);
}

export function left(): Word {
  return word({ case: 'left', value: {} });
}

export function heartbeat(executionIds: string[]): Word {
  return word({ case: 'heartbeat', value: { executionIds } }, executionIds.length * 40);
}

/**
 * @param options.alone nothing else runs in this process
 * @param options.asks it is entered only when the inbox has answered that it owns its attempt
 */
export function started(
  { delivery, startedAtMs }: Pick<Execution, 'delivery' | 'startedAtMs'>,
  { alone = false, asks = false }: { alone?: boolean; asks?: boolean } = {},
): Word {
  const execution = idsOf(delivery);
  return word({ case: 'started', value: { execution, startedAtMs: BigInt(startedAtMs), alone, asks } });
}

export function progressed(
  { delivery }: Execution,
  { fraction, data = '', checkpoint = '' }: ProgressNote,
): Word {
  const value: ProgressInit = {
    execution: idsOf(delivery),
    atMs: BigInt(Date.now()),
    ...(fraction !== undefined && { fraction }),
    data: Buffer.from(data),
    checkpoint: Buffer.from(checkpoint),
  };
  return word({ case: 'progress', value }, Math.ceil((data.length + checkpoint.length) * 1.5));
}

export function ended(delivery: Spoken, startedAtMs: number, outcome: Outcome): Word {
  const retryAtMs = 'retryAtMs' in outcome ? outcome.retryAtMs : undefined;
  const value: EndedInit = {
    execution: idsOf(delivery),
    outcome: outcomes[outcome.kind],
    startedAtMs: BigInt(startedAtMs),
    finishedAtMs: BigInt(Date.now()),
    ...('result' in outcome && { result: resultOf(outcome.result) }),
    ...('error' in outcome && { failure: failureOf(outcome.error) }),
    ...(retryAtMs !== undefined && { retryAtMs: BigInt(Math.round(retryAtMs)) }),
  };
  return word({ case: 'ended', value }, bodyBytes(outcome));
}

/** The same word, when the broker refused it for good: of an outcome only that it failed can be told. */
export function withoutResult(refused: Word, why: string): Word {
  const { event } = refused.event;
  if (event.case !== 'ended') return { ...refused, bytes: bareBytes };
  const failure = {
    code: 'result_not_storable',
    message: `the broker refused the outcome: ${why}`,
    retryable: false,
  };
  const { execution, startedAtMs, finishedAtMs } = event.value;
  const value = {
    ...(execution && { execution }),
    startedAtMs,
    finishedAtMs,
    outcome: ProtoOutcome.FAILED,
    failure,
  };
  return word({ case: 'ended', value });
}

/** What names an execution. */
export type Spoken = Pick<
  Delivery,
  'jobId' | 'attempt' | 'executionId' | 'tenantId' | 'queue' | 'orderingKey' | 'follows'
>;

function idsOf({ jobId, attempt, executionId, tenantId, queue, orderingKey = '', follows }: Spoken) {
  return { jobId, attempt, executionId, tenantId, queue, orderingKey, follows };
}

function resultOf(result: ExecutionResult): NonNullable<EndedInit['result']> {
  if (result.kind === 'json') return { case: 'json', value: Buffer.from(result.json) };
  const { bytes = new Uint8Array(), key = '', mediaType, name, sha256, size } = result;
  return { case: 'file', value: { bytes, key, mediaType, name, sha256, size: BigInt(size) } };
}

function failureOf({ code, message, stack = '', retryable }: ExecutionFailure) {
  return { code, message, stack, retryable };
}

/** A UTF-16 unit takes at most three bytes; what is mostly ASCII is taken for one and a half. */
function bodyBytes(outcome: Outcome): number {
  if ('result' in outcome) {
    return outcome.result.kind === 'json'
      ? Math.ceil(outcome.result.json.length * 1.5)
      : (outcome.result.bytes?.length ?? 0);
  }
  return 'error' in outcome ? 2 * (outcome.error.message.length + (outcome.error.stack?.length ?? 0)) : 0;
}

type EventInit = NonNullable<MessageInitShape<typeof WorkerEventSchema>['event']>;

function word(event: EventInit, body = 0): Word {
  return { event: create(WorkerEventSchema, { event }), bytes: bareBytes + body };
}
