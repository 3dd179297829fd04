export { Database, migrate, type DatabaseOptions } from './database/database.js';
export { ApiKeyEntity } from './entities/api-key.entity.js';
export { JobAttemptEntity } from './entities/job-attempt.entity.js';
export { JobHistoryEntity } from './entities/job-history.entity.js';
export { JobEntity } from './entities/job.entity.js';
export { QueueEntity } from './entities/queue.entity.js';
export { TenantEntity } from './entities/tenant.entity.js';
export { WorkerEntity } from './entities/worker.entity.js';
export { handBack } from './settle/hand-back.js';
export { settleBatch, type SettleOptions, type SettleReport } from './settle/settle-batch.js';
export {
  errorJson,
  type JobFailure,
  type JobResult,
  type Settled,
  type Settlement,
  type TerminalOutcome,
  type Verdict,
} from './settle/settlement.js';
export { advanceLanes } from './sql/advance-lanes.sql.js';
export { claimJobs, WorkerLostError, type ClaimedJob, type ClaimParams } from './sql/claim-jobs.sql.js';
export { endAttempts, type EndedAttempt } from './sql/end-attempts.sql.js';
export { finishJobs, type Finish } from './sql/finish-jobs.sql.js';
export { laneId, type LaneKey } from './sql/lane-key.js';
export { lockJobs, type LockedJob } from './sql/lock-jobs.sql.js';
export { lockLanes } from './sql/lock-lanes.sql.js';
export { placeDue } from './sql/place-due.sql.js';
export { leaveWorker, registerWorker, type WorkerRegistration } from './sql/register-worker.sql.js';
export { releaseJobs, type Released } from './sql/release-jobs.sql.js';
export { renewLease } from './sql/renew-lease.sql.js';
export { startJobs } from './sql/start-jobs.sql.js';
export { run, type Queryable } from './sql/statement.js';
export { takePlaces } from './sql/take-places.sql.js';
export { faultKind, sqlState, type FaultKind } from './transaction/sqlstate.js';
export { inTransaction, Transaction, type RetryOptions } from './transaction/transaction.js';
export { Listener, type ListenerOptions } from './wake/listener.js';
export { Notifier } from './wake/notifier.js';
export { lockClasses } from './wake/session-locks.js';
export type { WakeLog } from './wake/wake-log.js';
