import type { Pool } from 'pg';
import { handBack } from '../settle/hand-back.js';
import { lockLostRecords } from '../sql/lock-lost-records.sql.js';
import type { Released } from '../sql/release-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';

/**
 * Releases jobs again whose records no worker will read any more.
 * @param records the attempts that this was found of; what has been heard of since is left alone
 */
export function releaseLostRecords(
  pool: Pool,
  records: readonly { jobId: string; attempt: number; outboxId: number }[],
): Promise<Released[]> {
  return inTransaction(pool, async (tx) => handBack(tx, await lockLostRecords(tx, records)));
}
