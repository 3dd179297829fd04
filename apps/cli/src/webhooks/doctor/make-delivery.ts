import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { webhookHeaders, webhookSignedText } from '@baton/contracts';
import { keyOf } from '../diff/key-variants.js';

/** One request, as Baton's gateway would make it, or nearly so. */
export interface Delivery {
  headers: Record<string, string>;
  body: string;
}

export interface DeliveryParts {
  /** One when left out. */
  id?: string;
  /** Seconds before now (or, negative, ahead) at which it was signed. */
  ageSeconds?: number;
  body?: string;
  /** Further signatures, before and after the own one. */
  before?: string[];
  after?: string[];
}

export function newWebhookId(): string {
  return `msg_${randomUUID().replaceAll('-', '')}_0_4_${randomUUID().replaceAll('-', '')}`;
}

/** A delivery signed with the secret. */
export function makeDelivery(secret: string, parts: DeliveryParts = {}): Delivery {
  const { id = newWebhookId(), ageSeconds = 0, body = eventBody(), before = [], after = [] } = parts;
  const timestamp = Math.floor(Date.now() / 1_000) - ageSeconds;
  const signature = signatureOf(secret, { id, timestamp, body });
  return {
    headers: {
      'content-type': 'application/json',
      'user-agent': 'baton-webhooks-doctor/1',
      [webhookHeaders.id]: id,
      [webhookHeaders.timestamp]: String(timestamp),
      [webhookHeaders.signature]: [...before, signature, ...after].join(' '),
    },
    body,
  };
}

export function signatureOf(
  secret: string,
  { id, timestamp, body }: { id: string; timestamp: number; body: string },
): string {
  const text = webhookSignedText(id, timestamp, body);
  return `v1,${createHmac('sha256', keyOf(secret)).update(text).digest('base64')}`;
}

/** Of a secret that nobody has. */
export function strangeSecret(): string {
  return `whsec_${randomBytes(32).toString('base64')}`;
}

/** As an ed25519 signature looks. */
export function strangeV1a(): string {
  return `v1a,${randomBytes(64).toString('base64')}`;
}

export interface EventParts {
  jobId?: string;
  type?: string;
  cursor?: string;
  /** Bytes of the result besides. */
  padding?: number;
}

/** An event of a job that does not exist: `metadata.doctor` tells it from real ones. */
export function eventBody({
  jobId = randomUUID(),
  type = 'job.succeeded',
  cursor = '0:4',
  padding = 0,
}: EventParts = {}): string {
  return JSON.stringify({
    type,
    timestamp: new Date().toISOString(),
    data: {
      id: jobId,
      queue: 'baton-doctor',
      state: type === 'job.dead' ? 'dead' : 'succeeded',
      attempt: 1,
      generation: 0,
      cursor,
      metadata: { doctor: 'true' },
      result: { ok: true, ...(padding > 0 && { padding: 'x'.repeat(padding) }) },
      links: { self: `/v1/jobs/${jobId}`, result: `/v1/results/${jobId}` },
    },
  });
}
