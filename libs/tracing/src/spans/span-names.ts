import { SpanKind } from '@opentelemetry/api';

/** Every span that Baton makes by hand. `produce` is followed by its queue: `produce.<queue>`. */
export const spanNames = {
  produce: 'produce',
  publish: 'relay.publish',
  publishBatch: 'relay.publish_batch',
  ackWake: 'worker.ack_wake',
  run: 'worker.run',
  settle: 'result.settle',
  settleBatch: 'result.settle_batch',
  store: 'result.store',
  deliver: 'result.deliver',
  deadline: 'job.deadline',
} as const;
export type SpanName = (typeof spanNames)[keyof typeof spanNames];

/** Each span's kind; where two are possible the second is for the case that is named. */
export const spanKinds = {
  produce: SpanKind.PRODUCER,
  publish: SpanKind.CLIENT,
  publishBatch: SpanKind.CLIENT,
  ackWake: SpanKind.CONSUMER,
  run: SpanKind.INTERNAL,
  settle: { inbox: SpanKind.CONSUMER, worker: SpanKind.CLIENT },
  store: SpanKind.CLIENT,
  deliver: { push: SpanKind.PRODUCER, webhook: SpanKind.CLIENT },
  deadline: SpanKind.INTERNAL,
} as const;

/**
 * Attribute names. Those of messaging follow OpenTelemetry's semantic conventions 1.44, which are still in
 * development there, so the strings are copied and change only by our own hand.
 */
export const attributeNames = {
  messagingSystem: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  offset: 'messaging.kafka.offset',
  consumerGroup: 'messaging.consumer.group.name',
  messageId: 'messaging.message.id',
  conversationId: 'messaging.message.conversation_id',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
  httpStatus: 'http.response.status_code',
  serverAddress: 'server.address',

  jobId: 'baton.job.id',
  attempt: 'baton.job.attempt',
  executionId: 'baton.execution.id',
  queue: 'baton.queue',
  tenant: 'baton.tenant',
  outcome: 'baton.outcome',
  /** Milliseconds from the release (for a first release: `produce`'s end) until the worker took the job. */
  wakeLatency: 'baton.wake.latency_ms',
  /** … of which waiting in the outbox, with the broker, and for a free slot or a claim. */
  wakeOutbox: 'baton.wake.outbox_ms',
  wakeBroker: 'baton.wake.broker_ms',
  wakeClaim: 'baton.wake.claim_ms',
  tier: 'baton.tier',
  channel: 'baton.channel',
  deliveryAttempt: 'baton.delivery.attempt',
  /** The last checkpoint that an overdue job has reached. */
  stuckAt: 'baton.deadline.stuck_at',
  /** Set where a job came with no usable context: `missing` or `malformed`. */
  traceBroken: 'baton.trace.broken',
} as const;

/** What `messaging.system` says: the broker, or PostgreSQL where it hands the job over itself. */
export type MessagingSystem = 'kafka' | 'postgresql';
