export { BatonApiError, JobEndedError, WaitTimeoutError } from './baton-api.error.js';
export { BatonClient, type ClientOptions, type JobRead } from './baton-client.js';
export type {
  AcceptedJob,
  BatchHandle,
  BatchJob,
  DeliveryPlanStep,
  EnqueueOptions,
  FlowJob,
  JobHandle,
  StreamedJob,
  Webhook,
} from './enqueue-options.js';
export type { StreamAnswer, StreamOptions, StreamRefusal } from './enqueue-stream.js';
export { problemOf } from './http.js';
export type { Flow, FlowHandle, Parent, Unique } from './flow.js';
export { isEnd, type JobEvent, type JobProgress, type JobView, viewAfter } from './job-event.js';
export { JobReader, type JobReaderOptions } from './job-reader.js';
export type { FileResult, JobResult, ReadOptions, WaitOptions } from './read-jobs.js';
export { channelNames, type ChannelName } from './watch/channel.js';
export type { ChannelStatus, EventsOptions } from './watch/watch-job.js';
export {
  verifyWebhook,
  WebhookVerificationError,
  type WebhookEvent,
  type WebhookFault,
  type WebhookKeys,
} from './verify-webhook.js';
export { BatonError, type JobTypes, type PayloadOf, type ResultOf } from '@baton/contracts';
