import type { Transaction } from '../transaction/transaction.js';
import { run } from './statement.js';

// Tried, never waited for: the loser is told 409. The lock says only that someone is at work on the key; what
// they left behind is read by a later statement, whose snapshot is taken after the lock.
const text = `SELECT id::text FROM unnest($1::bigint[]) AS k(id) WHERE pg_try_advisory_xact_lock(id)`;

/**
 * Tries the lock of each key until the transaction ends.
 * @param ids 64-bit hashes of the keys, as decimals
 * @returns those that are now locked
 */
export async function lockIdempotencyKeys(tx: Transaction, ids: readonly string[]): Promise<Set<string>> {
  const rows = await run<{ id: string }>(tx, 'lock-idempotency-keys', text, [ids]);
  return new Set(rows.map((row) => row.id));
}
