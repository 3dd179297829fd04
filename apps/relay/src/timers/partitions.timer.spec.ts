import { claimJobs, registerWorker, settleBatch } from '@baton/persistence';
import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { uuidv7 } from 'uuidv7';
import { PartitionsTimer } from './partitions.timer.js';

const dayMs = 86_400_000;

let test: TestDatabase;
let tenant: SeededTenant;

beforeEach(async () => {
  test = await createTestDatabase();
  tenant = await seedTenant(test.database);
});
afterEach(() => test.close());

const look = () => new PartitionsTimer(test.database).look();
const rows = async <T extends object>(sql: string, values: unknown[] = []): Promise<T[]> =>
  (await test.database.pool.query<T>(sql, values)).rows;

async function partitions(table: string): Promise<string[]> {
  const found = await rows<{ name: string }>(
    `SELECT relname AS name FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
     WHERE inhparent = ('baton.' || $1)::regclass AND relname ~ '_[0-9]{8}$' ORDER BY 1`,
    [table],
  );
  return found.map(({ name }) => name);
}

const kept = async (id: string): Promise<boolean> =>
  (await rows('SELECT FROM baton.job_history WHERE id = $1', [id])).length === 1;

/** A job that fails once, so that it has an attempt on record, and then ends so. */
async function finish(kind: 'succeeded' | 'failed'): Promise<string> {
  const { pool } = test.database;
  const [id] = await seedJobs(test.database, tenant, [{ maxAttempts: 2 }]);
  const workerId = uuidv7();
  await registerWorker(pool, { id: workerId, source: 'polling', host: 'h', pid: 1, queues: [tenant.queue] });
  for (const end of ['failed', kind] as const) {
    await pool.query(
      `UPDATE baton.job SET state = 'queued', attempt = 2, execution_id = NULL, started_seq = NULL WHERE id = $1 AND state = 'scheduled'`,
      [id],
    );
    const [job] = await claimJobs(pool, {
      workerId,
      queues: [tenant.queue],
      executionIds: [uuidv7()],
      extendLease: true,
    });
    await settleBatch(pool, [
      {
        ...{ jobId: job!.jobId, attempt: job!.attempt, executionId: job!.executionId, workerId },
        ...{ tenantId: tenant.tenantId, queue: tenant.queue, orderingKey: undefined },
        ...{ kind: end, startedAtMs: Date.now(), finishedAtMs: Date.now() },
        ...(end === 'failed' && {
          error: { code: 'handler_error', message: 'boom', retryable: true } as const,
        }),
      },
    ]);
  }
  return id!;
}

it('makes the partitions of the days to come: of history for as long as jobs are usually kept', async () => {
  await look();
  expect(await partitions('job_history')).toHaveLength(36);
  expect(await partitions('job_attempt')).toHaveLength(3);
  const [oldest] = await partitions('publish_log');
  await test.shiftClock(6 * dayMs);
  await look();
  expect(await partitions('job_history')).toHaveLength(36);
  expect(await partitions('publish_log')).not.toContain(oldest);
});

it('keeps a job for its queue’s retention of its state, and its attempts as long', async () => {
  await look();
  await test.shiftClock(dayMs); // today's attempts have a partition by then
  const [good, bad] = [await finish('succeeded'), await finish('failed')];
  await look();
  expect([await kept(good), await kept(bad)]).toEqual([true, true]);
  await test.shiftClock(2 * dayMs);
  await look();
  expect([await kept(good), await kept(bad)]).toEqual([false, true]);
  expect(await rows('SELECT FROM baton.job_attempt WHERE job_id = $1', [bad])).toHaveLength(1);
  await test.shiftClock(30 * dayMs);
  await look();
  expect(await kept(bad)).toBe(false);
  await look();
  expect(await rows('SELECT FROM baton.job_attempt')).toEqual([]);
});

it('what is kept for longer than partitions are made ahead is swept when its time is over', async () => {
  await test.database.pool.query('UPDATE baton.queue SET retention_succeeded_ms = $2 WHERE name = $1', [
    tenant.queue,
    60 * dayMs,
  ]);
  const id = await finish('succeeded');
  await test.shiftClock(59 * dayMs);
  await look();
  expect(await kept(id)).toBe(true);
  await test.shiftClock(2 * dayMs);
  await look();
  expect(await kept(id)).toBe(false);
});

it('moves what came into history before its day had a partition', async () => {
  await test.shiftClock(50 * dayMs);
  const id = await finish('failed');
  expect(await rows('SELECT FROM baton.job_history_default')).toHaveLength(1);
  await look();
  expect(await rows('SELECT FROM baton.job_history_default')).toEqual([]);
  expect(await kept(id)).toBe(true);
});

it('a very old job keeps the attempts of no other alive', async () => {
  await look();
  await seedJobs(test.database, tenant, [{ delayMs: 300 * dayMs }]);
  await test.shiftClock(dayMs);
  await finish('succeeded');
  await test.shiftClock(40 * dayMs);
  await look();
  await look();
  expect(await rows('SELECT FROM baton.job_attempt')).toEqual([]);
});
