import { createHash, randomBytes } from 'node:crypto';

const start = 'bk_';
/** `bk_` and 32 random bytes in base64url. */
const form = /^bk_[A-Za-z0-9_-]{43}$/;

/** A new key, shown to its owner once, and what is kept of it: its hash, and its first characters, to tell keys apart. */
export function newApiKey(): { key: string; hash: Buffer; prefix: string } {
  const key = start + randomBytes(32).toString('base64url');
  return { key, hash: hashApiKey(key), prefix: key.slice(0, start.length + 6) };
}

/** SHA-256 of a key. A key is 256 random bits, so a slow, salted hash would add nothing. */
export function hashApiKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

export function isApiKey(text: string): boolean {
  return form.test(text);
}
