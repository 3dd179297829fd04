import { randomUUID } from 'node:crypto';
import { useTestDatabase, seedJobs, seedTenant } from '../testing.js';
import { claimJobs, WorkerLostError } from './claim-jobs.sql.js';
import type { ClaimedJob } from './claimed-job.js';
import { registerWorker } from './register-worker.sql.js';
import { renewLease } from './renew-lease.sql.js';

const test = useTestDatabase();
let workerId: string;

beforeEach(async () => {
  workerId = await newWorker();
});

async function newWorker(): Promise<string> {
  const id = randomUUID();
  await registerWorker(test.database.pool, {
    id,
    source: 'polling',
    host: 'h',
    pid: 1,
    queues: [test.tenant.queue],
  });
  return id;
}

const claim = (slots: number, queues = [test.tenant.queue], worker = workerId): Promise<ClaimedJob[]> =>
  claimJobs(test.database.pool, {
    workerId: worker,
    queues,
    executionIds: Array.from({ length: slots }, () => randomUUID()),
    extendLease: true,
  });

it('gives the oldest jobs, as many as there are slots, each to one worker', async () => {
  const ids = await seedJobs(
    test.database,
    test.tenant,
    Array.from({ length: 30 }, () => ({ payload: { a: 1 } })),
  );
  const other = await newWorker();
  const claims = await Promise.all([claim(10), claim(10, undefined, other), claim(10)]);
  expect(claims.map((jobs) => jobs.length)).toEqual([10, 10, 10]);
  expect(
    claims
      .flat()
      .map((job) => job.jobId)
      .sort(),
  ).toEqual([...ids].sort());
  expect(await claim(10)).toEqual([]);
  const first = claims.flat().find((job) => job.jobId === ids[0])!;
  expect(first).toMatchObject({
    attempt: 1,
    failures: 0,
    maxAttempts: 5,
    payload: '{"a":1}',
    timeoutMs: 300_000,
    orderingKey: null,
  });
});

it('takes queues in turn: the first named has precedence', async () => {
  const second = await seedTenant(test.database);
  await seedJobs(test.database, test.tenant, [{}, {}]);
  await seedJobs(test.database, second, [{}, {}]);
  expect((await claim(3, [second.queue, test.tenant.queue])).map((job) => job.queue)).toEqual([
    second.queue,
    second.queue,
    test.tenant.queue,
  ]);
});

it('leaves alone what was released for Kafka', async () => {
  const event = await seedTenant(test.database, 'event');
  await seedJobs(test.database, event, [{}]);
  expect(await claim(5, [event.queue])).toEqual([]);
});

it('gives nothing to a worker that was given up, even while that is being decided', async () => {
  await seedJobs(test.database, test.tenant, [{}]);
  const rescuer = await test.database.pool.connect();
  await rescuer.query('BEGIN');
  await rescuer.query(`UPDATE baton.worker SET state = 'lost' WHERE id = $1`, [workerId]);
  const claiming = claim(1);
  await test.database.pool.query('SELECT pg_sleep(0.05)'); // the claim reaches the row's lock
  await rescuer.query('COMMIT');
  rescuer.release();
  await expect(claiming).rejects.toThrow(WorkerLostError);
  const { rows } = await test.database.pool.query(`SELECT state FROM baton.job WHERE tenant_id = $1`, [
    test.tenant.tenantId,
  ]);
  expect(rows).toEqual([{ state: 'queued' }]);
});

it('releases again what a claim gave whose answer was lost, at the second renewal', async () => {
  await seedJobs(test.database, test.tenant, [{}, {}]);
  const [known, lost] = await claim(2);
  const renew = () => renewLease(test.database.pool, { workerId, executionIds: [known!.executionId] });
  expect(await renew()).toEqual({ alive: true, released: [] });
  await test.database.pool.query(
    `UPDATE baton.job SET started_at = started_at - interval '11 s' WHERE tenant_id = $1`,
    [test.tenant.tenantId],
  );
  expect((await renew()).released.map((job) => job.jobId)).toEqual([lost!.jobId]);
  const [again] = await claim(5);
  expect(again).toMatchObject({ jobId: lost!.jobId, attempt: 2, failures: 0 });
});

it('tells a worker that its lease was taken away', async () => {
  await test.database.pool.query(`UPDATE baton.worker SET state = 'lost' WHERE id = $1`, [workerId]);
  expect(await renewLease(test.database.pool, { workerId, executionIds: [] })).toEqual({
    alive: false,
    released: [],
  });
});

it('takes the highest priority first, each in its order, and gives the lower ones the turns that are due to them', async () => {
  const seeded = await seedJobs(test.database, test.tenant, [
    { priority: 'low' },
    { priority: 'low' },
    {},
    {},
    ...Array.from({ length: 8 }, () => ({ priority: 'high' as const })),
  ]);
  const [low1, low2, normal1, normal2, ...high] = seeded;
  const take = async (
    slots: number,
    turns: { low: number; normal: number },
  ): Promise<(string | undefined)[]> => {
    const executionIds = Array.from({ length: slots }, () => randomUUID());
    const params = { workerId, queues: [test.tenant.queue], executionIds, turns, extendLease: false };
    return (await claimJobs(test.database.pool, params)).map((job) => job.jobId);
  };
  expect(await take(2, { low: 0, normal: 0 })).toEqual(high.slice(0, 2));
  expect((await take(3, { low: 1, normal: 1 })).sort()).toEqual([low1, normal1, high[2]].sort());
  expect(await take(1, { low: 1, normal: 0 })).toEqual([low2]);
  // Nothing low is left: its turn goes by priority.
  expect(await take(1, { low: 1, normal: 0 })).toEqual([high[3]]);
  expect((await take(20, { low: 2, normal: 1 })).sort()).toEqual([normal2, ...high.slice(4)].sort());
});
