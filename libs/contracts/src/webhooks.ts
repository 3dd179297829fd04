import type { JobEventType } from './event-types.js';

/** What a webhook may be told of a job; the first three end it, and are what is told where nothing else is said. */
export const webhookEventTypes = [
  'job.succeeded',
  'job.dead',
  'job.cancelled',
  'job.overdue',
  'result.expiring',
] as const satisfies readonly JobEventType[];
export type WebhookEventType = (typeof webhookEventTypes)[number];

export const endEventTypes = [
  'job.succeeded',
  'job.dead',
  'job.cancelled',
] as const satisfies readonly WebhookEventType[];

/** What a tenant's endpoints may be told of its other endpoints. */
export const webhookAlertTypes = [
  'webhook.failing',
  'webhook.paused',
  'webhook.recovered',
  'webhook.disabled',
  'webhook.exhausted',
] as const;
export type WebhookAlertType = (typeof webhookAlertTypes)[number];

/** `pending` is due, or waits for its next try; `waiting` for its step of a delivery plan. */
export const deliveryStates = ['waiting', 'pending', 'delivered', 'dead', 'cancelled'] as const;
export type DeliveryState = (typeof deliveryStates)[number];

/** In place of an endpoint's URL: nobody is called, its deliveries are taken by a client that asks for them. */
export const pulledUrl = 'pull:';

/** Whom to tell of a job, as its row keeps it. A secret is sealed. */
export type JobWebhook = { events?: readonly WebhookEventType[] } & (
  { endpoint: string } | { url: string; secret?: string }
);

/** A step of a delivery plan, as a job's row keeps it: the next begins when `forMs` are over without a word. */
export type DeliveryStep =
  { channel: 'stream'; forMs: number } | { channel: 'webhook'; endpoint: string; forMs?: number };

/** Milliseconds between the tries of a delivery; the first is at once. The whole takes about three days. */
export const defaultWebhookSchedule: readonly number[] = [
  0, 5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 50_400_000, 72_000_000, 86_400_000,
];

/** The headers of Standard Webhooks. */
export const webhookHeaders = {
  id: 'webhook-id',
  timestamp: 'webhook-timestamp',
  signature: 'webhook-signature',
} as const;

/** What a signature of Standard Webhooks is made over. @param timestamp seconds since 1970 */
export function webhookSignedText(id: string, timestamp: number | string, body: string): string {
  return `${id}.${timestamp}.${body}`;
}

/** What a signature of the header set `x-signature` is made over. */
export function xSignedText(timestamp: number | string, body: string): string {
  return `${timestamp}.${body}`;
}
