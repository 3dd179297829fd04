export { ControlFlow, cancel, fatal, retryAt, snooze, type When } from './handler/control-flow.js';
export { exportedHandlers, type ExportedHandlers } from './handler/exported-handlers.js';
export { FileResult, type FileOptions } from './handler/file-result.js';
export type { Upload } from './uploads/upload.js';
export { HandlerSetupError } from './handler/handler-setup.error.js';
export { JobEnqueuer, type EnqueueFromHandler } from './handler/job-enqueuer.js';
export type { JobHandlerOptions } from './handler/handler-declaration.js';
export { JobContext, type ParentOutcome } from './handler/job-context.js';
export { JobHandler } from './handler/job-handler.decorator.js';
export { connectJobServer, JobServer } from './handler/job-server.js';
export {
  AttemptTimeoutError,
  JobCancelledError,
  OwnershipLostError,
  WorkerDrainingError,
} from './execution/abort-causes.js';
export type { ExecutionFailure, ExecutionResult, Outcome } from './execution/outcome.js';
export type { Log } from './log.js';
export type { ProgressNote } from './execution/progress-note.js';
export type { ThreadOptions } from './thread/thread-pool.js';
