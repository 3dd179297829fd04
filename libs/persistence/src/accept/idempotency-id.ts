import { createHash } from 'node:crypto';
import type { ScopedKey } from '../sql/read-idempotency.sql.js';

/** One string a key, for maps. Neither a tenant's id nor a route has a line break in it. */
export function scopedKeyName({ tenantId, route, key }: ScopedKey): string {
  return `${tenantId}\n${route}\n${key}`;
}

/** The id of a key's advisory lock: 64 bits of a hash, signed, as a decimal. */
export function advisoryLockId(key: ScopedKey): string {
  return createHash('sha256').update(scopedKeyName(key)).digest().readBigInt64BE().toString();
}
