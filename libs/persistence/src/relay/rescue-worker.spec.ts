import { randomUUID } from 'node:crypto';
import { claimJobs } from '../sql/claim-jobs.sql.js';
import type { ClaimedJob } from '../sql/claimed-job.js';
import { enterAlone } from '../sql/enter-alone.sql.js';
import type { LossReason } from '../sql/find-lost-workers.sql.js';
import { hearWorkers } from '../sql/hear-workers.sql.js';
import { recordInboxProgress } from '../sql/record-inbox-progress.sql.js';
import { registerWorker } from '../sql/register-worker.sql.js';
import { returnWorker } from '../sql/return-worker.sql.js';
import { settleBatch } from '../settle/settle-batch.js';
import { useTestDatabase, seedJobs, seedTenant } from '../testing.js';
import { rescueWorker } from './rescue-worker.js';

const test = useTestDatabase();

/** A polling worker that has claimed what there is, without a session. */
async function claimAll(slots = 10): Promise<{ workerId: string; jobs: ClaimedJob[] }> {
  const workerId = randomUUID();
  const { pool } = test.database;
  await registerWorker(pool, {
    id: workerId,
    source: 'polling',
    host: 'h',
    pid: 1,
    queues: [test.tenant.queue],
  });
  const executionIds = Array.from({ length: slots }, () => randomUUID());
  const jobs = await claimJobs(pool, {
    workerId,
    queues: [test.tenant.queue],
    executionIds,
    extendLease: true,
  });
  return { workerId, jobs };
}

async function lose(workerId: string, reason: LossReason = 'session') {
  if (reason === 'lease')
    await test.database.pool.query(`UPDATE baton.worker SET lease_until = baton.now() WHERE id = $1`, [
      workerId,
    ]);
  const rescue = await rescueWorker(test.database.pool, { workerId, reason });
  expect(rescue).toBeDefined();
  return rescue!;
}

async function rows(): Promise<Record<string, unknown>[]> {
  const { rows } = await test.database.pool.query<Record<string, unknown>>(
    `SELECT id, state::text, attempt, careful, alone, crashes FROM baton.job WHERE queue = $1
     UNION ALL SELECT id, state::text, attempt, careful, alone, crashes FROM baton.job_history WHERE queue = $1 ORDER BY id`,
    [test.tenant.queue],
  );
  return rows;
}

it('what a dead worker ran is released again, to run alone', async () => {
  await seedJobs(test.database, test.tenant, [{}, {}]);
  const { workerId } = await claimAll();
  const { jobs, report } = await lose(workerId);
  expect(jobs).toHaveLength(2);
  expect(report.released.map(({ mode }) => mode)).toEqual(['polling', 'polling']);
  const again = { state: 'queued', attempt: 2, careful: true, alone: false, crashes: 0 };
  expect(await rows()).toMatchObject([again, again]);
  expect((await claimAll()).jobs.map(({ careful }) => careful)).toEqual([true, true]);
});

it('what a worker ran whose lease lapsed runs again as before', async () => {
  await seedJobs(test.database, test.tenant, [{}]);
  const { workerId, jobs } = await claimAll();
  await enterAlone(test.database.pool, jobs[0]!);
  await lose(workerId, 'lease');
  expect(await rows()).toMatchObject([{ state: 'queued', careful: false, crashes: 0 }]);
});

it('finds the job that ends its worker, and does not punish the others', async () => {
  const [killer, beside, next] = await seedJobs(test.database, test.tenant, [
    { orderingKey: 'k' },
    {},
    { orderingKey: 'k' },
  ]);
  await lose((await claimAll()).workerId);
  for (let crash = 1; crash <= 3; crash++) {
    const { workerId, jobs } = await claimAll();
    expect(jobs.every(({ careful }) => careful)).toBe(true);
    await enterAlone(
      test.database.pool,
      jobs.find(({ jobId }) => jobId === killer)!,
    );
    const { report } = await lose(workerId);
    const ended = report.settled.map(({ terminal }) => terminal);
    if (crash < 3) expect(ended).toEqual([]);
    else {
      expect(ended).toMatchObject([{ jobId: killer, state: 'dead', error: { code: 'crash_loop' } }]);
      // Its lane goes on.
      expect(report.released.map(({ jobId }) => jobId).sort()).toEqual([beside, next].sort());
    }
  }
  expect(await rows()).toMatchObject([
    { id: killer, state: 'dead', crashes: 3 },
    { id: beside, state: 'queued', attempt: 5, crashes: 0, careful: true },
    { id: next, state: 'queued', attempt: 1, crashes: 0, careful: false },
  ]);
});

it('changes nothing while the lane of a job that is to end is locked elsewhere', async () => {
  await test.database.pool.query('UPDATE baton.queue SET max_crashes = 1 WHERE name = $1', [
    test.tenant.queue,
  ]);
  await seedJobs(test.database, test.tenant, [{ orderingKey: 'k' }, {}]);
  const { workerId, jobs } = await claimAll();
  await enterAlone(
    test.database.pool,
    jobs.find(({ orderingKey }) => orderingKey === 'k')!,
  );
  const client = await test.database.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM baton.lane WHERE queue = $1 FOR UPDATE', [test.tenant.queue]);
  await expect(lose(workerId)).rejects.toMatchObject({ code: 'unavailable' });
  expect(await rows()).toMatchObject([
    { state: 'running', attempt: 1 },
    { state: 'running', attempt: 1 },
  ]);
  await client.query('ROLLBACK');
  client.release();
  expect((await lose(workerId)).report.settled).toHaveLength(1);
});

it('an attempt that lets go runs beside others again', async () => {
  await seedJobs(test.database, test.tenant, [{}]);
  await lose((await claimAll()).workerId);
  const { workerId, jobs } = await claimAll();
  const { jobId, attempt, executionId } = jobs[0]!;
  const { tenantId, queue } = test.tenant;
  await settleBatch(test.database.pool, [
    {
      jobId,
      attempt,
      executionId,
      workerId,
      tenantId,
      queue,
      orderingKey: undefined,
      kind: 'failed',
      startedAtMs: Date.now(),
      error: { code: 'handler_error', message: 'no', retryable: true },
    },
  ]);
  expect(await rows()).toMatchObject([{ state: 'scheduled', careful: false }]);
});

it('holds nothing against the jobs of an event worker that speaks again', async () => {
  test.tenant = await seedTenant(test.database, 'event');
  const [id] = await seedJobs(test.database, test.tenant, [{}]);
  const { pool } = test.database;
  const workerId = randomUUID();
  const hear = (heardAtMs: number) =>
    hearWorkers(pool, [{ id: workerId, heardAtMs, partition: 3, left: false }]);
  const now = Date.now();
  await hear(now);
  const { tenantId, queue } = test.tenant;
  await settleBatch(pool, [
    {
      jobId: id!,
      attempt: 1,
      executionId: randomUUID(),
      workerId,
      tenantId,
      queue,
      orderingKey: undefined,
      kind: 'started',
      alone: true,
      startedAtMs: now,
    },
  ]);
  await recordInboxProgress(pool, [{ partition: 3, reachedAtMs: now + 7_000, reachedOffset: 5 }]);
  await lose(workerId, 'silence');
  expect(await rows()).toMatchObject([{ state: 'queued', careful: true, crashes: 1 }]);
  await hear(now + 8_000);
  expect(await rows()).toMatchObject([{ state: 'queued', careful: false, crashes: 0 }]);
});

it('takes a lapse for the end of a worker that has not come back when the job is lost again', async () => {
  await seedJobs(test.database, test.tenant, [{}]);
  const first = await claimAll();
  await lose(first.workerId, 'lease');
  await lose((await claimAll()).workerId, 'lease');
  expect(await rows()).toMatchObject([{ careful: true, crashes: 0 }]);
  for (let lapse = 1; lapse <= 4; lapse++) {
    const { workerId, jobs } = await claimAll();
    expect(jobs).toHaveLength(1);
    await enterAlone(test.database.pool, jobs[0]!);
    await lose(workerId, 'lease');
  }
  expect(await rows()).toMatchObject([{ state: 'dead', crashes: 3 }]);
});

it('a lapse whose worker came back is nothing', async () => {
  await seedJobs(test.database, test.tenant, [{}]);
  for (let lapse = 1; lapse <= 3; lapse++) {
    const { workerId } = await claimAll();
    await lose(workerId, 'lease');
    await returnWorker(test.database.pool, workerId);
  }
  expect(await rows()).toMatchObject([{ state: 'queued', attempt: 4, careful: false, crashes: 0 }]);
});
