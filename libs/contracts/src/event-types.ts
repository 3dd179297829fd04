/** The events of a job's log, one name on every channel; numbered within the job. */
export const jobEventTypes = [
  'job.accepted',
  'job.scheduled',
  'job.held',
  'job.queued',
  'attempt.started',
  'attempt.failed',
  'attempt.released',
  'job.progress',
  'job.cancel-requested',
  'job.succeeded',
  'job.dead',
  'job.cancelled',
  'job.replayed',
  'job.overdue',
  'result.expiring',
] as const;
export type JobEventType = (typeof jobEventTypes)[number];

/** The events of queues, on `baton.events`. */
export const queueEventTypes = [
  'queue.created',
  'queue.paused',
  'queue.resumed',
  'queue.drained',
  'queue.mode-changed',
] as const;
export type QueueEventType = (typeof queueEventTypes)[number];
