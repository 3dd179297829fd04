export { BatonApiError, JobEndedError, WaitTimeoutError } from './baton-api.error.js';
export {
  BatonClient,
  type ClientOptions,
  type EnqueueOptions,
  type FileResult,
  type FlowJob,
  type JobHandle,
  type StreamedJob,
  type WaitOptions,
} from './baton-client.js';
export type { FlowHandle, Parent, Unique } from './flow.js';
export type { StreamAnswer, StreamOptions, StreamRefusal } from './enqueue-stream.js';
export { problemOf } from './http.js';
export { BatonError, type JobTypes, type PayloadOf, type ResultOf } from '@baton/contracts';
export {
  verifyWebhook,
  WebhookVerificationError,
  type WebhookEvent,
  type WebhookFault,
  type WebhookKeys,
} from './verify-webhook.js';
