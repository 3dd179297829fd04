import { randomUUID } from 'node:crypto';
import { newJob, testAcceptor } from '../accept/testing.js';
import { releaseDue } from '../relay/release-due.js';
import { claimJobs } from '../sql/claim-jobs.sql.js';
import { registerWorker } from '../sql/register-worker.sql.js';
import { useTestDatabase, seedJobs } from '../testing.js';
import { rescheduleJob } from './reschedule-job.js';

const test = useTestDatabase();

const seed = (...jobs: Parameters<typeof seedJobs>[2][number][]) =>
  seedJobs(test.database, test.tenant, jobs);

const reschedule = (
  jobId: string | undefined,
  when: { runAtMs?: number; delayMs?: number },
  tenantId = test.tenant.tenantId,
) => rescheduleJob(test.database.pool, { tenantId, jobId: jobId!, ...when });

async function row(id: string | undefined): Promise<Record<string, unknown>> {
  const { rows } = await test.database.pool.query<Record<string, unknown>>(
    'SELECT * FROM baton.job WHERE id = $1',
    [id],
  );
  return rows[0] ?? {};
}

async function accept(fields: Parameters<typeof newJob>[1]): Promise<string> {
  const { acceptor } = testAcceptor(test.database.pool);
  const { jobs } = await acceptor.accept({
    tenantId: test.tenant.tenantId,
    jobs: [newJob(test.tenant.queue, fields)],
  });
  return jobs[0]!.id;
}

const setQueue = (settings: string) =>
  test.database.pool.query(`UPDATE baton.queue SET ${settings} WHERE name = $1`, [test.tenant.queue]);

it('moves a scheduled job, later and earlier, and tells of it in its log', async () => {
  const [id] = await seed({ delayMs: 60_000 });
  const later = await reschedule(id, { delayMs: 3_600_000 });
  expect(later.job).toMatchObject({ state: 'scheduled', seq: 3 });
  expect(later.job.runAtMs! - later.job.createdAtMs).toBeGreaterThan(3_500_000);
  const { job } = await reschedule(id, { runAtMs: Date.parse('2020-01-01T00:00:00Z') });
  expect(job).toMatchObject({ state: 'scheduled', runAtMs: Date.parse('2020-01-01T00:00:00Z') });
  expect((await releaseDue(test.database.pool, 10)).released).toMatchObject([{ jobId: id }]);
  const { rows } = await test.database.pool.query(
    'SELECT type, seq FROM baton.job_event WHERE job_id = $1 ORDER BY seq',
    [id],
  );
  expect(rows).toEqual([
    { type: 'job.scheduled', seq: 3 },
    { type: 'job.scheduled', seq: 4 },
  ]);
});

it('a job that stands in its lane gives its place up, and comes back to the tail', async () => {
  const [first, second, third] = await seed({ orderingKey: 'k' }, { orderingKey: 'k' }, { orderingKey: 'k' });
  const later = await reschedule(second, { delayMs: 60_000 });
  expect([later.job.state, later.job.reason, later.released]).toEqual(['scheduled', null, []]);
  expect((await row(second)).lane_place).toBeNull();
  // It is due at once, so it takes its new place at once.
  const { job } = await reschedule(second, { delayMs: 0 });
  expect([job.state, job.reason]).toEqual(['held', 'lane']);
  const places = await Promise.all([third, second].map(async (id) => Number((await row(id)).lane_place)));
  expect(places[0]).toBeLessThan(places[1]!);
  expect((await row(first)).state).toBe('queued');
});

it("a lane's holder that is held by a limit leaves the lane to the next", async () => {
  await setQueue('concurrency_total = 1');
  const running = await accept({});
  const holder = await accept({ orderingKey: 'k' });
  const next = await accept({ orderingKey: 'k' });
  expect(await row(holder)).toMatchObject({ state: 'held', reason: 'concurrency' });
  expect(await row(next)).toMatchObject({ state: 'held', reason: 'lane' });
  await reschedule(holder, { delayMs: 60_000 });
  expect(await row(holder)).toMatchObject({ state: 'scheduled', lane_place: null, gate: null });
  expect(await row(next)).toMatchObject({ state: 'held', reason: 'concurrency' });
  expect((await row(running)).state).toBe('queued');
  const lanes = await test.database.pool.query('SELECT holder FROM baton.lane WHERE queue = $1', [
    test.tenant.queue,
  ]);
  expect(lanes.rows).toEqual([{ holder: next }]);
});

it('gives back the slots of a gate that it had passed', async () => {
  await setQueue('concurrency_per_key = 1, concurrency_total = 1');
  await accept({ concurrencyKey: 'a' });
  const before = await accept({ concurrencyKey: 'b' });
  const behind = await accept({ concurrencyKey: 'b' });
  // The first of b has its key's slot and waits for the queue's.
  expect([(await row(before)).slots, (await row(behind)).gate]).toEqual([1, 1]);
  await reschedule(before, { delayMs: 60_000 });
  expect(await row(before)).toMatchObject({ state: 'scheduled', slots: 0 });
  expect(await row(behind)).toMatchObject({ state: 'held', slots: 1, gate: 2 });
  const gates = await test.database.pool.query(
    `SELECT key, running FROM baton.gate WHERE queue = $1 AND key = 'b'`,
    [test.tenant.queue],
  );
  expect(gates.rows).toEqual([{ key: 'b', running: 1 }]);
});

it('a paused queue: held jobs are rescheduled, and held again when they are due', async () => {
  await setQueue('paused_at = baton.now()');
  const id = await accept({});
  expect(await row(id)).toMatchObject({ state: 'held', reason: 'paused' });
  expect((await reschedule(id, { delayMs: 0 })).job.state).toBe('scheduled');
  await releaseDue(test.database.pool, 10);
  expect(await row(id)).toMatchObject({ state: 'held', reason: 'paused' });
});

it('refuses a job that was released, and says its state', async () => {
  const [queued, running] = await seed({}, {});
  await expect(reschedule(queued, { delayMs: 1 })).rejects.toMatchObject({
    code: 'state_conflict',
    message: expect.stringContaining('is queued'),
  });
  const workerId = randomUUID();
  const { pool } = test.database;
  await registerWorker(pool, {
    id: workerId,
    source: 'polling',
    host: 'h',
    pid: 1,
    queues: [test.tenant.queue],
  });
  await claimJobs(pool, {
    workerId,
    queues: [test.tenant.queue],
    executionIds: [randomUUID(), randomUUID()],
    extendLease: true,
  });
  await expect(reschedule(running, { delayMs: 1 })).rejects.toMatchObject({
    code: 'state_conflict',
    message: expect.stringContaining('is running'),
  });
});

it("knows no job that is not there, nor another tenant's", async () => {
  const [id] = await seed({ delayMs: 60_000 });
  await expect(reschedule(randomUUID(), { delayMs: 1 })).rejects.toMatchObject({ code: 'not_found' });
  await expect(reschedule(id, { delayMs: 1 }, randomUUID())).rejects.toMatchObject({ code: 'not_found' });
});

it('what waits for admission has its new time, and still waits for it', async () => {
  const { rows } = await test.database.pool.query<{ id: string }>(`SELECT baton.enqueue($1, $2, '1') AS id`, [
    test.tenant.tenantId,
    test.tenant.queue,
  ]);
  const { job } = await reschedule(rows[0]!.id, { delayMs: 60_000 });
  expect([job.state, job.reason, job.runAtMs! > job.createdAtMs + 50_000]).toEqual([
    'held',
    'admission',
    true,
  ]);
});

it('reschedule and release meet on the row: one of them is it', async () => {
  const ids = await seed(...Array.from({ length: 20 }, () => ({ delayMs: 1 })));
  const [released, moved] = await Promise.all([
    releaseDue(test.database.pool, 100),
    Promise.allSettled(ids.map((id) => reschedule(id, { delayMs: 60_000 }))),
  ]);
  const kept = moved.filter(({ status }) => status === 'fulfilled').length;
  const { rows } = await test.database.pool.query<{ state: string; n: number }>(
    'SELECT state::text, count(*)::int AS n FROM baton.job WHERE queue = $1 GROUP BY 1',
    [test.tenant.queue],
  );
  const counts = Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  expect([counts['queued'] ?? 0, counts['scheduled'] ?? 0]).toEqual([released.released.length, kept]);
});
