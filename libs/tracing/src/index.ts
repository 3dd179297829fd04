export type { BrokenTrace, TraceCarrier } from './carrier/trace-carrier.js';
export { captureTrace } from './carrier/capture-trace.js';
export { restoreTrace, type RestoredTrace } from './carrier/restore-trace.js';
export { carrierFromHeaders, carrierToHeaders, type HeaderValue } from './carrier/carrier-headers.js';
export { isSampled, traceIdOf } from './carrier/carrier-ids.js';
export { carriedBaggageKeys, maxBaggageBytes } from './carrier/carried-baggage.js';

export { inRootContext, withoutTracing } from './context/root-context.js';
export { nameRequestSpan, isTraced, requestContext } from './context/request-context.js';

export {
  attributeNames,
  spanKinds,
  spanNames,
  type MessagingSystem,
  type SpanName,
} from './spans/span-names.js';
export { derivedSpanId, derivedTraceId, runSpanId } from './spans/span-ids.js';
export type { JobOfSpan, SpanError } from './spans/job-span.js';
export { startTraceFor, traceBounds, traceMode, type TraceModeOptions } from './spans/trace-mode.js';
export {
  recordProduce,
  startProduceSpan,
  type ProduceSpan,
  type ProduceSpanOptions,
} from './spans/produce-span.js';
export {
  recordPublish,
  recordPublishBatch,
  type PublishBatch,
  type PublishedJob,
} from './spans/publish-span.js';
export { recordAckWake, type AckWakeOptions } from './spans/ack-wake-span.js';
export {
  endLostRunSpan,
  recordRun,
  startRunSpan,
  type RunEnd,
  type RunOfSpan,
  type RunSpan,
} from './spans/run-span.js';
export { recordSettle, recordSettleBatch, type SettleBatch, type SettledJob } from './spans/settle-span.js';
export { recordStore, type ResultTier, type StoreOptions } from './spans/store-span.js';
export {
  recordDeliver,
  startDeliverSpan,
  type DeliverEnd,
  type DeliverOptions,
  type DeliverSpan,
  type DeliveryChannel,
} from './spans/deliver-span.js';
export { recordDeadline, type DeadlineOptions } from './spans/deadline-span.js';

export { DerivedIdGenerator } from './sdk/derived-id-generator.js';
export { flushTracing, shutdownTracing, type FlushResult } from './context/flush-tracing.js';

export { batonRegistry } from './metrics/registry.js';
export { checkTraceId, deadlineFired, spansDropped, traceBroken, wakeLost } from './metrics/continuity.js';
export {
  claimPolls,
  consumerLag,
  jobsByState,
  outboxBacklog,
  outboxOldestSeconds,
  storedFiles,
  wakes,
} from './metrics/waiting.js';
export {
  acceptSeconds,
  brokerSeconds,
  claimSeconds,
  clientOperationSeconds,
  consumedMessages,
  deliverSeconds,
  endToEndSeconds,
  httpSeconds,
  outboxWaitSeconds,
  runSeconds,
  sentMessages,
  settleSeconds,
} from './metrics/latency.js';
export {
  channelConnections,
  duplicateSettles,
  feedFailures,
  jobsAccepted,
  jobsSettled,
  jobsUnaccounted,
  rebalances,
  redeliveries,
  relayLeader,
  relayTerm,
  rescues,
  shardsLeaderless,
  strays,
  webhookAttempts,
  webhookBreakers,
} from './metrics/health.js';
