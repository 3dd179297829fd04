export { BatonApiError, JobEndedError, WaitTimeoutError } from './baton-api.error.js';
export {
  BatonClient,
  type ClientOptions,
  type EnqueueOptions,
  type FileResult,
  type JobHandle,
  type WaitOptions,
} from './baton-client.js';
export { BatonError, type JobTypes, type PayloadOf, type ResultOf } from '@baton/contracts';
export {
  verifyWebhook,
  WebhookVerificationError,
  type WebhookEvent,
  type WebhookFault,
  type WebhookKeys,
} from './verify-webhook.js';
