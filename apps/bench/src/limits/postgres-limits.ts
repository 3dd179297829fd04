import { Pool } from 'pg';
import { median } from '../statistics/statistics.js';
import { batchRows, connections, inBatches, untilNoneIsLeft } from './in-batches.js';
import type { LimitName, Limits } from './limits.js';
import {
  acceptPlain,
  claimPlain,
  commitOne,
  emptyPlainTables,
  makePlainTables,
  settlePlain,
  takePlainOutbox,
  type PlainJob,
} from './plain-tables.sql.js';
import { sampleJobs } from './sample-jobs.js';

export type PostgresLimitName = Extract<
  LimitName,
  | 'commitMs'
  | 'acceptPerSecond'
  | 'acceptWithOutboxPerSecond'
  | 'claimAndCompletePerSecond'
  | 'outboxPerSecond'
  | 'settlePerSecond'
>;

const commits = 300;

/** PostgreSQL on the plainest tables that do the work. */
export async function measurePostgres(
  databaseUrl: string,
  rows: number,
): Promise<Pick<Limits, PostgresLimitName>> {
  const pool = new Pool({ connectionString: databaseUrl, max: connections });
  try {
    await makePlainTables(pool);
    const commitMs = await loneCommitMs(pool);
    await emptyPlainTables(pool);
    const jobs = sampleJobs(rows);
    const ids = jobs.map(({ id }) => id);

    const acceptPerSecond = await accept(pool, jobs, false);
    const claimAndCompletePerSecond = await untilNoneIsLeft(() => claimAndComplete(pool));
    await emptyPlainTables(pool);

    const acceptWithOutboxPerSecond = await accept(pool, jobs, true);
    const outboxPerSecond = await untilNoneIsLeft(() => takePlainOutbox(pool, batchRows));
    const settlePerSecond = await inBatches(ids, (batch) => settle(pool, batch));
    await emptyPlainTables(pool);
    return {
      commitMs,
      acceptPerSecond,
      acceptWithOutboxPerSecond,
      claimAndCompletePerSecond,
      outboxPerSecond,
      settlePerSecond,
    };
  } finally {
    await pool.end();
  }
}

async function loneCommitMs(pool: Pool): Promise<number> {
  const tookMs: number[] = [];
  for (let i = 0; i < commits; i++) {
    const begun = performance.now();
    await commitOne(pool);
    tookMs.push(performance.now() - begun);
  }
  return median(tookMs);
}

function accept(pool: Pool, jobs: readonly PlainJob[], outbox: boolean): Promise<number> {
  return inBatches(jobs, (batch) => acceptPlain(pool, batch, { outbox }));
}

async function claimAndComplete(pool: Pool): Promise<number> {
  const claimed = await claimPlain(pool, batchRows);
  if (claimed.length > 0) await settle(pool, claimed);
  return claimed.length;
}

function settle(pool: Pool, ids: readonly string[]): Promise<void> {
  return settlePlain(
    pool,
    ids,
    ids.map(() => '1'),
  );
}
