export { keyStore, type KeyStore } from './auth/key-store.js';
export { Database, migrate, type DatabaseOptions } from './database/database.js';
export { cancelJobs, endRequested, type CancelOptions, type RequestedEnd } from './cancel/cancel-jobs.js';
export type { CancelReport } from './cancel/cancel-report.js';
export { wakeForCancel } from './cancel/wake-for-cancel.js';
export { cancelledError } from './cancel/cancelled-error.js';
export { handBack } from './settle/hand-back.js';
export { settleBatch, type SettleOptions } from './settle/settle-batch.js';
export { mergeNotes } from './settle/progress-notes.js';
export {
  errorJson,
  type JobFailure,
  type JobFile,
  type JobResult,
  type ProgressNote,
  type Settled,
  type Settlement,
  type SettleReport,
  type StoredTrace,
  type TerminalOutcome,
  type Verdict,
} from './settle/settlement.js';
export { advanceLanes } from './sql/advance-lanes.sql.js';
export {
  anyCancelNotice,
  findCancelsToTell,
  findEndedCancels,
  forgetCancels,
  noteCancelsTold,
  type CancelToTell,
  type EndedCancel,
} from './sql/cancel-notices.sql.js';
export { claimJobs, WorkerLostError, type ClaimParams } from './sql/claim-jobs.sql.js';
export type { Offer } from './sql/offer.js';
export type { ClaimedJob } from './sql/claimed-job.js';
export { endAttempts, type EndedAttempt } from './sql/end-attempts.sql.js';
export { enterAlone } from './sql/enter-alone.sql.js';
export {
  findCancelledExecutions,
  findNextCancel,
  findOverdueCancels,
  type CancelledExecution,
} from './sql/find-cancels.sql.js';
export { findApiKey, type ApiKeyRow } from './sql/find-api-key.sql.js';
export { finishJobs, type Finish } from './sql/finish-jobs.sql.js';
export { laneId, type LaneKey } from './sql/lane-key.js';
export { findRecordPlaces, type RecordPlace } from './sql/find-record-places.sql.js';
export { listDead, type DeadFilter } from './sql/list-dead.sql.js';
export { replayDead, type ReplayReport } from './operations/replay-dead.js';
export type { Replayed, ReplayParams } from './sql/replay-jobs.sql.js';
export { purgeDead } from './sql/purge-dead.sql.js';
export {
  cancelOperation,
  findNextOperation,
  insertOperation,
  listOperations,
  readOperation,
  sweepOperations,
  type NewOperation,
  type OperationRow,
} from './sql/operations.sql.js';
export {
  operationKinds,
  operationStates,
  type OperationKind,
  type OperationState,
} from './operations/operation.js';
export type { OperationFilter } from './operations/operation-filter.js';
export { workOperation, type OperationSlice } from './operations/work-operation.js';
export { noteEvents, type EventToNote, type NotedEvent } from './sql/note-events.sql.js';
export { lockJobs, type LockedJob } from './sql/lock-jobs.sql.js';
export { lockLanes } from './sql/lock-lanes.sql.js';
export { placeDue } from './sql/place-due.sql.js';
export { leaveWorker, registerWorker, type WorkerRegistration } from './sql/register-worker.sql.js';
export { returnWorker } from './sql/return-worker.sql.js';
export {
  fillUpload,
  insertUpload,
  nameUploads,
  readUploadBody,
  sealUpload,
  sweepUploads,
  useUploads,
  type UploadRow,
} from './sql/uploads.sql.js';
export {
  claimDueFiles,
  dropFile,
  extendResult,
  noteExpiring,
  pointToObject,
  type DueFile,
} from './sql/tier-files.sql.js';
export {
  findStrayResults,
  findStrayUploads,
  forgetGarbage,
  noteGarbage,
  readGarbage,
  takePass,
} from './sql/object-garbage.sql.js';
export { readFilePlace, type FilePlace } from './sql/read-file.sql.js';
export { readResults, type Standing } from './sql/read-results.sql.js';
export { releaseJobs, type Released } from './sql/release-jobs.sql.js';
export { renewLease } from './sql/renew-lease.sql.js';
export { startJobs } from './sql/start-jobs.sql.js';
export { run, type Queryable } from './sql/statement.js';
export { takePlaces } from './sql/take-places.sql.js';
export { faultKind, sqlState, type FaultKind } from './transaction/sqlstate.js';
export { inTransaction, retrying, Transaction, type RetryOptions } from './transaction/transaction.js';
export { Listener, type ListenerOptions } from './wake/listener.js';
export { Notifier } from './wake/notifier.js';
export { lockClasses } from './wake/session-locks.js';
export type { WakeLog } from './wake/wake-log.js';
export { LeaderSession, type LeaderSessionOptions } from './relay/leader-session.js';
export { PooledSessionError } from './relay/pooled-session.error.js';
export { shardShare } from './relay/relay-locks.js';
export type { LeadShardsRow, Term } from './sql/lead-shards.sql.js';
export { deletePublished, type DoneRow, type PublishedBatch } from './sql/delete-published.sql.js';
export {
  fetchOutbox,
  outboxTopicKey,
  type FetchedTopic,
  type OutboxJob,
  type OutboxPosition,
  type OutboxRow,
  type OutboxTopic,
} from './sql/fetch-outbox.sql.js';
export { findOutboxTopics, type FoundTopic } from './sql/find-outbox-topics.sql.js';
export { readOutboxGauges, type OutboxGauge } from './sql/read-outbox-gauges.sql.js';
export { readPublishWindows } from './sql/read-publish-windows.sql.js';
export { JobAcceptor, type JobAcceptorOptions } from './accept/job-acceptor.js';
export { Backlogs, type BoundedQueue } from './accept/backlogs.js';
export { queueDraining, unknownQueue } from './accept/queue-refusals.js';
export type {
  Accepted,
  AcceptRequest,
  IdempotencyKey,
  NewJob,
  ParentRef,
  UniqueRule,
} from './accept/new-job.js';
export type { JobRow } from './sql/job-columns.js';
export { partitionedDays } from './sql/expiry.sql.js';
export { listJobs, type JobFilter } from './sql/list-jobs.sql.js';
export { readHold, type Hold } from './sql/read-hold.sql.js';
export { readAttempts, type AttemptRow } from './sql/read-attempts.sql.js';
export { readJobs, type ReadJob } from './sql/read-jobs.sql.js';
export { hearWorkers, type HeardWorker } from './sql/hear-workers.sql.js';
export { recordInboxProgress, type InboxProgress } from './sql/record-inbox-progress.sql.js';
export { seedDevelopment, type SeededKeys, type SeedOptions } from './seed/seed-development.js';
export {
  disableApiKey,
  insertApiKey,
  listApiKeys,
  readApiKey,
  type ListedApiKey,
  type NewApiKey,
} from './sql/api-keys.sql.js';
export { listPauses, listQueueNames } from './sql/list-queue-names.sql.js';
export { moveQueue, patchQueue } from './sql/patch-queue.sql.js';
export { noteDrained } from './sql/note-drained.sql.js';
export { readQueueDoors, type QueueDoor } from './sql/read-queue-doors.sql.js';
export { putQueue } from './sql/put-queue.sql.js';
export type { QueueRow, QueueSettings } from './sql/queue-settings.js';
export { readQueueStats, type QueueStats } from './sql/read-queue-stats.sql.js';
export { listQueues, readQueue } from './sql/read-queues.sql.js';
export { ensureTenant, findTenant, insertTenant, listTenants, type TenantRow } from './sql/tenants.sql.js';
export { releaseDue, type DueRelease } from './relay/release-due.js';
export { markOverdue } from './relay/mark-overdue.js';
export { releaseLostRecords } from './relay/release-lost-records.js';
export { takeRowsBack } from './relay/take-rows-back.js';
export { auditJobs, type Audit, type UnaccountedJob } from './sql/audit-jobs.sql.js';
export { rescueExecutions } from './relay/rescue-executions.js';
export { rescueWorker, type Rescue } from './relay/rescue-worker.js';
export {
  dayTables,
  dropDayPartition,
  isOrphaned,
  listDayPartitions,
  makeDayPartition,
  oldestJobAt,
  sweepPublishLogDefault,
  today,
  type DayPartition,
  type DayTable,
} from './sql/day-partitions.sql.js';
export { findNextDeadline, type OverdueJob, type StuckAt } from './sql/find-deadlines.sql.js';
export { findUnnamedExecutions } from './sql/find-missing-executions.sql.js';
export { findQueuedRecords, findQueuedRecordsOf, type QueuedRecord } from './sql/find-queued-records.sql.js';
export { readInboxProgress } from './sql/read-inbox-progress.sql.js';
export { findNextDue } from './sql/find-due-jobs.sql.js';
export { findNextTimes, type NextTimes } from './sql/find-next-times.sql.js';
export {
  findLostPollingWorkers,
  findSilentWorkers,
  type LossReason,
  type LostWorker,
} from './sql/find-lost-workers.sql.js';
export { findOverrunningJobs, type OverrunningJob } from './sql/find-overrunning-jobs.sql.js';
export type { OwnedJob } from './sql/give-up-worker.sql.js';
export { sweepHistory, sweepIdempotency, sweepStrayHistory, sweepWorkers } from './sql/sweep-tables.sql.js';
export { announceQueues } from './sql/announce-queues.sql.js';
export type { EventLog, EventSource, LoggedEvent } from './events/event-log.js';
export { eventsPage, type EventsPage, type ShownEvent } from './events/events-page.js';
export { tellEvents, terminalSeq } from './events/tell-events.js';
export { readEventHeads, readEvents, type AskedEvents } from './sql/read-events.sql.js';
export {
  claimDeliveries,
  claimLatestDeliveries,
  giveDeliveriesBack,
  nextDelivery,
  readTaken,
  takeDeliveries,
  type ClaimedDelivery,
  type WantedDeliveries,
} from './sql/claim-deliveries.sql.js';
export { readPlan, type PlanRow } from './sql/delivery-plans.sql.js';
export {
  listDeliveries,
  listJobDeliveries,
  noteWord,
  replayDeliveries,
  sweepDeliveries,
  type DeliveryAttempt,
  type DeliveryOwner,
  type DeliveryRow,
} from './sql/list-deliveries.sql.js';
export type { TriedDelivery } from './sql/record-deliveries.sql.js';
export {
  deleteEndpoint,
  enableEndpoint,
  listEndpointNames,
  listEndpoints,
  putEndpoint,
  readEndpoint,
  rotateEndpoint,
  type EndpointRow,
  type EndpointSettings,
} from './sql/webhook-endpoints.sql.js';
export { countBreakers } from './sql/webhook-receivers.sql.js';
export { acknowledge } from './webhooks/acknowledge.js';
export { advancePlans } from './webhooks/advance-plans.js';
export { noteJobEvents } from './webhooks/note-job-events.js';
export { recordOutcomes, type DeliveryOutcome, type WebhookAlert } from './webhooks/record-outcomes.js';
export { mendGates, type MendedGates } from './limits/mend-gates.js';
export { pumpGates } from './limits/pump-gates.js';
export { regateQueues } from './limits/regate-queue.js';
export { findNextGate } from './sql/find-due-gates.sql.js';
export { admitEnqueued } from './admission/admit-enqueued.js';
export { rescheduleJob, type Rescheduled } from './jobs/reschedule-job.js';
export type { JobToReschedule } from './sql/reschedule-job.sql.js';
export { CronRuns, type CronTime } from './schedules/cron.js';
export { mostCaughtUp } from './schedules/due-runs.js';
export { fireSchedules, type Fired, type ScheduledJob } from './schedules/fire-schedules.js';
export type { Firing, FiringDoor } from './schedules/firing-door.js';
export { findNextSchedule } from './sql/fire-schedules.sql.js';
export {
  catchUps,
  deleteSchedule,
  listSchedules,
  pauseSchedule,
  putSchedule,
  readNow,
  readSchedule,
  type CatchUp,
  type ScheduleRow,
  type ScheduleSettings,
} from './sql/schedules.sql.js';
export { wakeFor } from './accept/wake-for.js';
export { workOffFollowUps, type FollowUpReport, type WorkOffOptions } from './flows/work-off-follow-ups.js';
export { mendChildren, type MendedChildren } from './flows/mend-children.js';
export { mendLanes, type MendedLanes } from './relay/mend-lanes.js';
export { sweepDependencies, sweepFlows, sweepUniqueKeys, type Swept } from './sql/sweep-flows.sql.js';
export { findFollowUps } from './sql/find-dependants.sql.js';
export { readParents } from './sql/read-parents.sql.js';
export { countDependants } from './sql/insert-dependencies.sql.js';
export { findFlow, readFlow, type FlowRow } from './sql/insert-flows.sql.js';
export { LineAcceptor, type LineEnd } from './accept/line-acceptor.js';
export type { JobLine } from './accept/accept-lines.js';
export {
  advancePublished,
  deleteQueueEvents,
  findQueueEvents,
  findUnpublishedJobs,
  readEventsWanted,
  type PublishedJob,
  type QueueEventRow,
  type UnpublishedJob,
} from './sql/publish-events.sql.js';
