import type { Attributes } from '@opentelemetry/api';
import { isDrawn, startAt, underProduce, type JobOfSpan } from './job-span.js';
import { derivedSpanId } from './span-ids.js';
import { attributeNames, spanKinds, spanNames, type MessagingSystem } from './span-names.js';

/** All times are epoch milliseconds here: their differences are the attributes. */
export interface AckWakeOptions extends JobOfSpan {
  executionId: string;
  system: MessagingSystem;
  /** The topic, or the queue where PostgreSQL hands over. */
  destination: string;
  partition?: number | undefined;
  offset?: string | number | undefined;
  group?: string | undefined;
  /** When the job was released to run: for a first, undelayed release this is `produce`'s end. */
  releasedAt: number;
  /** When the relay handed the record to the broker. */
  publishedAt?: number | undefined;
  /** When the worker had the record or the claimed row. */
  receivedAt: number;
  /** When it took the job: a slot was free. */
  takenAt: number;
}

/** `worker.ack_wake`: how long the hand-over took, in its parts. The run links to it. */
export function recordAckWake(options: AckWakeOptions): void {
  if (!isDrawn(options.carrier)) return;
  startAt(underProduce(options), spanNames.ackWake, {
    kind: spanKinds.ackWake,
    spanId: ackWakeSpanId(options),
    startTime: options.receivedAt,
    attributes: {
      [attributeNames.messagingSystem]: options.system,
      [attributeNames.operationName]: options.system === 'kafka' ? 'poll' : 'claim',
      [attributeNames.operationType]: 'receive',
      [attributeNames.destination]: options.destination,
      [attributeNames.partition]: options.partition?.toString(),
      [attributeNames.offset]: options.offset === undefined ? undefined : Number(options.offset),
      [attributeNames.consumerGroup]: options.group,
      [attributeNames.executionId]: options.executionId,
      ...latencies(options),
    },
  }).end(options.takenAt);
}

export function ackWakeSpanId(run: { jobId: string; attempt: number; executionId: string }): string {
  return derivedSpanId('ack_wake', run.jobId, run.attempt, run.executionId);
}

function latencies({ releasedAt, publishedAt, receivedAt, takenAt }: AckWakeOptions): Attributes {
  return {
    [attributeNames.wakeLatency]: between(releasedAt, takenAt),
    [attributeNames.wakeOutbox]: publishedAt === undefined ? undefined : between(releasedAt, publishedAt),
    [attributeNames.wakeBroker]: publishedAt === undefined ? undefined : between(publishedAt, receivedAt),
    // Without a broker the job waits for its claim from the release on.
    [attributeNames.wakeClaim]: between(publishedAt === undefined ? releasedAt : receivedAt, takenAt),
  };
}

/** Clocks of two hosts differ: never less than nothing. */
function between(from: number, to: number): number {
  return Math.max(0, to - from);
}
