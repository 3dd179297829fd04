import { webhookHeaders, webhookSignedText } from '@baton/contracts';

/** Why a webhook was not believed. */
export type WebhookFault = 'missing_header' | 'bad_timestamp' | 'stale' | 'no_match' | 'not_json';

/** The webhook was not sent by whom it should, or not just now, or was changed on its way. */
export class WebhookVerificationError extends Error {
  constructor(
    readonly fault: WebhookFault,
    message: string,
  ) {
    super(message);
    this.name = 'WebhookVerificationError';
  }
}

export interface WebhookKeys {
  /** `whsec_…`, shown when the endpoint was made; several while one is being replaced. */
  secret?: string | readonly string[];
  /** `whpk_…` of the endpoint: verifies without a secret. Either is enough. */
  publicKey?: string | readonly string[];
  /** How old, or how far ahead, it may be; 300 where nothing is said. */
  toleranceSeconds?: number;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** What a webhook tells. `data.cursor` gives the order of a job's events; deliveries come in none. */
export interface WebhookEvent<Data = Record<string, unknown>> {
  /** The same over all tries: keep it, and do nothing when it comes again. */
  id: string;
  type: string;
  timestamp: string;
  data: Data;
}

type HeaderBag = Headers | Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Verifies a delivery of Standard Webhooks, in browsers and Node, and reads it.
 * @param body as it came, before anything parsed it: a body written anew has another signature
 * @throws WebhookVerificationError
 */
export async function verifyWebhook<Data = Record<string, unknown>>(
  body: string,
  headers: HeaderBag,
  keys: WebhookKeys,
): Promise<WebhookEvent<Data>> {
  const [id, timestamp, signatures] = [
    webhookHeaders.id,
    webhookHeaders.timestamp,
    webhookHeaders.signature,
  ].map((name) => headerOf(headers, name)) as [string, string, string];
  checkTime(timestamp, keys);
  const text = new TextEncoder().encode(webhookSignedText(id, timestamp, body));
  if (!(await anyMatches(signatures.split(' '), text, keys)))
    throw new WebhookVerificationError(
      'no_match',
      'no signature is of these keys: another secret, or a body that was changed or parsed on its way',
    );
  return { id, ...parse<Data>(body) };
}

function headerOf(headers: HeaderBag, name: string): string {
  const bag = headers as { get?: (name: string) => string | null } & Record<
    string,
    string | readonly string[] | undefined
  >;
  const found =
    typeof bag.get === 'function'
      ? bag.get(name)
      : [Object.entries(bag).find(([key]) => key.toLowerCase() === name)?.[1]].flat()[0];
  if (typeof found === 'string' && found !== '') return found;
  throw new WebhookVerificationError('missing_header', `the header ${name} is missing`);
}

function checkTime(timestamp: string, { toleranceSeconds = 300, now = Date.now }: WebhookKeys): void {
  if (!/^\d{1,12}$/.test(timestamp))
    throw new WebhookVerificationError(
      'bad_timestamp',
      `${webhookHeaders.timestamp} must be seconds since 1970, got "${timestamp.slice(0, 40)}"`,
    );
  const age = Math.floor(now() / 1_000) - Number(timestamp);
  if (Math.abs(age) > toleranceSeconds)
    throw new WebhookVerificationError(
      'stale',
      `it was signed ${Math.abs(age)} s ${age > 0 ? 'ago' : 'ahead'}; allowed: ${toleranceSeconds} s`,
    );
}

async function anyMatches(
  signatures: readonly string[],
  text: Uint8Array<ArrayBuffer>,
  { secret = [], publicKey = [] }: WebhookKeys,
): Promise<boolean> {
  for (const given of signatures) {
    const [version, encoded = ''] = given.split(',', 2);
    const bytes = decode(encoded);
    if (!bytes) continue;
    const tries = version === 'v1' ? [secret].flat() : version === 'v1a' ? [publicKey].flat() : [];
    for (const key of tries) if (await matches(version!, key, bytes, text)) return true;
  }
  return false;
}

async function matches(
  version: string,
  key: string,
  signature: Uint8Array<ArrayBuffer>,
  text: Uint8Array<ArrayBuffer>,
): Promise<boolean> {
  const raw = decode(key.replace(/^wh(sec|pk)_/, ''));
  if (!raw) throw new TypeError('a key of a webhook is "whsec_" or "whpk_" and base64');
  const { subtle } = globalThis.crypto;
  const algorithm = version === 'v1' ? { name: 'HMAC', hash: 'SHA-256' } : { name: 'Ed25519' };
  const imported = await subtle.importKey('raw', raw, algorithm, false, ['verify']);
  return subtle.verify(algorithm.name, imported, signature, text);
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined; // not base64: a signature that matches nothing
  }
}

function parse<Data>(body: string): Omit<WebhookEvent<Data>, 'id'> {
  try {
    return JSON.parse(body) as Omit<WebhookEvent<Data>, 'id'>;
  } catch {
    throw new WebhookVerificationError('not_json', 'the body is signed and is not JSON');
  }
}
