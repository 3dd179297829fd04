import type { Pool } from 'pg';
import { handBack } from '../settle/hand-back.js';
import type { OutboxTopic } from '../sql/fetch-outbox.sql.js';
import type { Term } from '../sql/lead-shards.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { deleteUnsentRows, lockUnsentRows } from '../sql/take-rows-back.sql.js';
import { inTransaction } from '../transaction/transaction.js';

/**
 * Turns a topic's rows back, whose queue releases for polling by now: each job is released anew, under the next attempt,
 * to polling workers. A record of the old attempt, should one lie on the topic after all, runs in vain: its words
 * change nothing. Called by the shards' leader, between sends.
 * @returns what was released; fewer than `limit` when nothing is left, or the queue's mode is event
 */
export function takeRowsBack(
  pool: Pool,
  topic: OutboxTopic,
  { terms, limit }: { terms: readonly Term[]; limit: number },
): Promise<Released[]> {
  return inTransaction(pool, async (tx) => {
    const rows = await lockUnsentRows(tx, topic, { shards: terms.map(({ shard }) => shard), limit });
    if (rows.length === 0) return [];
    return handBack(tx, await deleteUnsentRows(tx, topic, { terms, rows }));
  });
}
