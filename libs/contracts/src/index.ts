export { BatonError, type BatonErrorOptions, type FieldError } from './baton.error.js';
export { defaultBackoff, retryDelayMs, type Backoff } from './backoff.js';
export { channels, type Channel } from './channels.js';
export { formatCursor, parseCursor, type EventCursor } from './cursor.js';
export { formatDuration, parseDuration } from './duration.js';
export { errorCodes, type ErrorCode } from './error-codes.js';
export { jobEventTypes, queueEventTypes, type JobEventType, type QueueEventType } from './event-types.js';
export { deadLetterHeaders, headers } from './headers.js';
export type { JobTypes, PayloadOf, ResultOf } from './job-types.js';
export { isUploadReference, type UploadReference } from './upload-reference.js';
export { limits, shardCount, timersShard, timing } from './limits.js';
export { priorities, priorityNames, takesPerTurn, type Priority } from './priority.js';
export {
  dispatchModes,
  holdReasons,
  isTerminal,
  jobStates,
  liveStates,
  mayMove,
  moves,
  outcomeKinds,
  scopes,
  terminalStates,
  transitions,
  type DispatchMode,
  type HoldReason,
  type JobState,
  type LiveState,
  type Move,
  type OutcomeKind,
  type Scope,
  type TerminalState,
} from './states.js';
export {
  failurePolicies,
  uniqueConflicts,
  type FailurePolicy,
  type UniqueConflict,
} from './job-relations.js';
export { jobTopicSettings, systemTopics, type TopicSettings } from './topic-settings.js';
export { cancelKey, defaultPartitions, inboxGroup, jobGroup, jobTopic, jobTopics, topics } from './topics.js';
export {
  defaultWebhookSchedule,
  deliveryStates,
  endEventTypes,
  pulledUrl,
  webhookAlertTypes,
  webhookEventTypes,
  webhookHeaders,
  webhookSignedText,
  xSignedText,
  type DeliveryState,
  type DeliveryStep,
  type JobWebhook,
  type WebhookAlertType,
  type WebhookEventType,
} from './webhooks.js';
export { JobRecordSchema, type JobRecord } from './gen/baton/jobs/v1/job_pb.js';
export {
  ExecutionEndedSchema,
  ExecutionProgressSchema,
  ExecutionSchema,
  Outcome,
  WorkerEventSchema,
  WorkerReportSchema,
  type Execution,
  type ExecutionEnded,
  type ExecutionProgress,
  type ExecutionStarted,
  type Failure,
  type File,
  type WorkerEvent,
  type WorkerReport,
} from './gen/baton/outcomes/v1/report_pb.js';
export {
  ControlSchema,
  type CancelledJob,
  type Control,
  type QueueControl,
  type RefusedExecution,
  type GrantedExecution,
} from './gen/baton/control/v1/control_pb.js';
export {
  JobEventSchema,
  QueueEventSchema,
  type JobEvent,
  type QueueEvent,
} from './gen/baton/events/v1/event_pb.js';
