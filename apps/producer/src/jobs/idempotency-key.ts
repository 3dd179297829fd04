import { createHash } from 'node:crypto';
import { limits } from '@baton/contracts';
import type { IdempotencyKey } from '@baton/persistence';
import { invalidRequest } from '@baton/service';

const header = 'Idempotency-Key';

/** As the API describes it. */
export const idempotencyKey = {
  name: header,
  required: false,
  description: 'the same key with the same body gets the first answer, for 24 hours',
};

/**
 * The request's idempotency key, bare or quoted (a string of RFC 8941), with the hash of its body.
 * @param options.route scopes the key beside the tenant
 * @throws BatonError `invalid_request`
 */
export function idempotencyOf(
  value: string | string[] | undefined,
  { route, body }: { route: string; body: Buffer },
): IdempotencyKey | undefined {
  if (value === undefined) return undefined;
  const key = readKey(String(value).trim());
  return { route, key, bodyHash: createHash('sha256').update(body).digest() };
}

function readKey(text: string): string {
  const quoted = /^"((?:[^"\\]|\\["\\])*)"$/.exec(text)?.[1];
  const key = quoted === undefined ? text : quoted.replace(/\\(["\\])/g, '$1');
  if (
    /^[\x20-\x7e]+$/.test(key) &&
    key.length <= limits.idempotencyKeyBytes &&
    (quoted !== undefined || !/["\\]/.test(key))
  ) {
    return key;
  }
  const allowed = `1 to ${limits.idempotencyKeyBytes} printable ASCII characters, bare or as a quoted string`;
  throw invalidRequest([
    { path: header, message: `must be ${allowed}, got ${JSON.stringify(text.slice(0, 80))}` },
  ]);
}
