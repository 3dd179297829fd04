import { jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { channels, timersShard, timing } from '@baton/contracts';
import {
  claimJobs,
  hearWorkers,
  Listener,
  lockClasses,
  recordInboxProgress,
  registerWorker,
  settleBatch,
} from '@baton/persistence';
import { useTestDatabase, seedJobs, seedTenant } from '@baton/persistence/testing';
import { timerRuns } from '../metrics/relay-metrics.js';
import { eventually } from '../testing/eventually.js';
import { silent } from '../testing/replica.js';
import { startTimers, testAnnouncer, type TestTimers } from '../testing/test-timers.js';
import { RescueTimer } from './rescue.timer.js';

const test = useTestDatabase();
const open: TestTimers[] = [];
const listeners: Listener[] = [];

afterEach(async () => {
  for (const timers of open.splice(0)) await timers.close();
  for (const listener of listeners.splice(0)) await listener.close();
});

async function start(options: Parameters<typeof startTimers>[1] = {}): Promise<TestTimers> {
  const timers = await startTimers(test, options);
  open.push(timers);
  await eventually('it leads the timers', () => timers.leadership.shards.includes(timersShard));
  return timers;
}

const seed = (...jobs: Parameters<typeof seedJobs>[2][number][]) =>
  seedJobs(test.database, test.tenant, jobs);

async function job(
  id: string | undefined,
): Promise<{ state: string; attempt: number; failures: number; error?: string } | undefined> {
  const { rows } = await test.database.pool.query<{
    state: string;
    attempt: number;
    failures: number;
    error?: string;
  }>(
    `SELECT state::text, attempt, failures, NULL AS error FROM baton.job WHERE id = $1
     UNION ALL SELECT state::text, attempt, failures, error FROM baton.job_history WHERE id = $1`,
    [id],
  );
  return rows[0];
}
const stateOf = async (id: string | undefined): Promise<string | undefined> => (await job(id))?.state;

/** A polling worker with its session. */
async function pollingWorker(): Promise<{ id: string; number: number; listener: Listener }> {
  const id = randomUUID();
  const { number } = await registerWorker(test.database.pool, {
    id,
    source: 'polling',
    host: 'h',
    pid: 1,
    queues: [test.tenant.queue],
  });
  const listener = new Listener(test.url, {
    applicationName: 'test-worker',
    channels: {},
    sessionLock: () => ({ classId: lockClasses.worker, objectId: number }),
    log: () => undefined,
  });
  await listener.start();
  listeners.push(listener);
  return { id, number, listener };
}

async function claim(workerId: string) {
  const params = {
    workerId,
    queues: [test.tenant.queue],
    executionIds: [randomUUID(), randomUUID()],
    extendLease: true,
  };
  return claimJobs(test.database.pool, params);
}

/** An event worker that runs a job, heard so many milliseconds before the inbox's clock. */
async function eventWorker(jobId: string, silentMs: number, partition: number): Promise<string> {
  const id = randomUUID();
  const now = Date.now();
  const { pool } = test.database;
  await hearWorkers(pool, [
    {
      id,
      heardAtMs: now,
      partition,
      left: false,
      registration: { host: 'h', pid: 1, queues: [test.tenant.queue] },
    },
  ]);
  await settleBatch(pool, [
    {
      jobId,
      attempt: 1,
      executionId: randomUUID(),
      workerId: id,
      tenantId: test.tenant.tenantId,
      queue: test.tenant.queue,
      orderingKey: undefined,
      kind: 'started',
      startedAtMs: now,
    },
  ]);
  await recordInboxProgress(pool, [{ partition, reachedAtMs: now + silentMs, reachedOffset: 1 }]);
  return id;
}

it('lets a delayed job go when it is due, and wakes its queue', async () => {
  const { timers, woken } = await start();
  const [id] = await seed({ delayMs: 400 });
  timers.wakeDue([Date.now() + 400]);
  expect(await stateOf(id)).toBe('scheduled');
  const ms = await eventually('it is released', async () => (await stateOf(id)) === 'queued');
  expect(ms).toBeLessThan(900);
  expect(woken).toContain(`${channels.jobs} ${test.tenant.queue}`);
});

it('gives due jobs of one lane their places by due time, and releases the first alone', async () => {
  const [second, first] = await seed(
    { orderingKey: 'k', delayMs: 60_900 },
    { orderingKey: 'k', delayMs: 60_001 },
  );
  await test.shiftClock(61_000);
  try {
    await start();
    await eventually('the first is released', async () => (await stateOf(first)) === 'queued');
    expect(await stateOf(second)).toBe('held');
  } finally {
    await test.shiftClock(-61_000);
  }
});

it('waits for no lane that another holds, and comes back to it', async () => {
  const [inLane, plain] = await seed({ orderingKey: 'k', delayMs: 60_000 }, { delayMs: 60_000 });
  const [holder] = await seed({ orderingKey: 'k' });
  await test.shiftClock(61_000);
  const client = await test.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SELECT FROM baton.lane WHERE queue = $1 FOR UPDATE', [test.tenant.queue]);
    await start();
    await eventually('the plain one', async () => (await stateOf(plain)) === 'queued');
    expect(await stateOf(inLane)).toBe('scheduled');
    await client.query('ROLLBACK');
    await eventually('the other has its place', async () => (await stateOf(inLane)) === 'held');
    expect(await stateOf(holder)).toBe('queued');
  } finally {
    client.release();
    await test.shiftClock(-61_000);
  }
});

it('a polling worker whose session is gone loses its jobs within 2 s', async () => {
  await start();
  const { id, listener } = await pollingWorker();
  const [jobId] = await seed({});
  await claim(id);
  await listener.close();
  const ms = await eventually('it is released anew', async () => (await job(jobId))?.attempt === 2);
  expect(ms).toBeLessThan(2_000);
  const { rows } = await test.database.pool.query(
    `SELECT w.state, a.outcome FROM baton.worker w JOIN baton.job_attempt a ON a.worker_id = w.id WHERE w.id = $1`,
    [id],
  );
  expect(rows).toEqual([{ state: 'lost', outcome: 'lost' }]);
  expect(await job(jobId)).toMatchObject({ state: 'queued', failures: 0 });
});

it('a session that is back at the second look was never lost; one that is missing at two was', async () => {
  const { id, number, listener } = await pollingWorker();
  await listener.close();
  const [jobId] = await seed({});
  await claim(id);
  const session = await test.database.pool.connect();
  const change = (what: 'lock' | 'unlock') =>
    session.query(`SELECT pg_advisory_${what}($1::int, $2::int)`, [lockClasses.worker, number]);
  // Looks by hand, each half a second after the one before by the clock that they go by, however slow the machine is.
  const rescue = new RescueTimer({
    database: test.database,
    announcer: testAnnouncer().announcer,
    facts: () => ({ pollingRuns: true, eventPartitions: [] }),
    sinceReconnectMs: () => Infinity,
    graceMs: 0,
    log: silent,
  });
  const clock = jest.spyOn(performance, 'now');
  let now = 0;
  const finds = async (): Promise<boolean> => {
    clock.mockReturnValue((now += timing.rescueLookMs));
    return (await rescue.look()).found;
  };
  try {
    await change('lock');
    for (let i = 0; i < 3; i++) {
      await change('unlock');
      expect(await finds()).toBe(false);
      await change('lock');
      expect(await finds()).toBe(false);
    }
    expect(await job(jobId)).toMatchObject({ state: 'running', attempt: 1 });
    await change('unlock');
    expect([await finds(), await finds()]).toEqual([false, true]);
    expect(await job(jobId)).toMatchObject({ state: 'queued', attempt: 2 });
  } finally {
    clock.mockRestore();
    session.release(true);
  }
});

it('a worker that cannot be rescued, since a lane of its jobs is locked elsewhere, keeps no other from its rescue', async () => {
  const [first, second] = [await pollingWorker(), await pollingWorker()].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  );
  const { pool } = test.database;
  const [killer] = await seed({ orderingKey: 'k' });
  await claim(first!.id);
  await pool.query('UPDATE baton.job SET alone = true, crashes = 2 WHERE id = $1', [killer]);
  const [other] = await seed({});
  await claim(second!.id);
  const session = await pool.connect();
  try {
    await session.query('BEGIN');
    await session.query('SELECT FROM baton.lane WHERE queue = $1 FOR UPDATE', [test.tenant.queue]);
    for (const { listener } of [first!, second!]) await listener.close();
    await start();
    await eventually('the other’s job is released anew', async () => (await job(other))?.attempt === 2);
    expect(await job(killer)).toMatchObject({ state: 'running', attempt: 1 });
    await session.query('ROLLBACK');
  } finally {
    session.release(true);
  }
  await eventually('it is dead', async () => (await stateOf(killer)) === 'dead');
});

it('a lease that is over gives the jobs back, though the session stands', async () => {
  const { id } = await pollingWorker();
  const [jobId] = await seed({});
  await claim(id);
  await start();
  await test.database.pool.query(
    `UPDATE baton.worker SET lease_until = baton.now() - interval '1 ms' WHERE id = $1`,
    [id],
  );
  await eventually('it is released anew', async () => (await job(jobId))?.attempt === 2);
});

it('nobody is rescued for a while after PostgreSQL started, or after our own session was made anew', async () => {
  const { id, listener } = await pollingWorker();
  const [jobId] = await seed({});
  await claim(id);
  await listener.close();
  const reconnected = await start({ sinceReconnectMs: () => 19_000, rescueGraceMs: 20_000 });
  await looks(4);
  expect((await job(jobId))?.attempt).toBe(1);
  await reconnected.close();
  open.length = 0;
  const restarted = await start({ rescueGraceMs: 100 * 365 * 86_400_000 });
  await looks(4);
  expect((await job(jobId))?.attempt).toBe(1);
  await restarted.close();
  open.length = 0;
  await start();
  await eventually('it is released anew', async () => (await job(jobId))?.attempt === 2);
});

/** So many more looks of a timer. */
async function looks(wanted: number, timer = 'rescue'): Promise<void> {
  const count = async (): Promise<number> =>
    (await timerRuns.get()).values
      .filter(({ labels }) => labels.timer === timer)
      .reduce((sum, { value }) => sum + value, 0);
  const before = await count();
  await eventually(`${timer} looks`, async () => (await count()) >= before + wanted);
}

it("an event worker is silent by the inbox's clock alone", async () => {
  test.tenant = await seedTenant(test.database, 'event');
  const [quiet, silent] = await seed({}, {});
  await eventWorker(quiet!, 5_900, 3);
  await start();
  // Much time passes, less than an attempt may take: the inbox stands still, so nobody is silent.
  await test.shiftClock(120_000);
  try {
    await looks(3);
    expect((await job(quiet))?.attempt).toBe(1);
    const workerId = await eventWorker(silent!, 6_100, 4);
    await eventually('the silent one', async () => (await job(silent))?.attempt === 2);
    expect((await job(quiet))?.attempt).toBe(1);
    const { rows } = await test.database.pool.query('SELECT state FROM baton.worker WHERE id = $1', [
      workerId,
    ]);
    expect(rows).toEqual([{ state: 'lost' }]);
  } finally {
    await test.shiftClock(-120_000);
  }
});

it("a gap in what the inbox could hear counts for nobody's silence", async () => {
  test.tenant = await seedTenant(test.database, 'event');
  const [id] = await seed({});
  await eventWorker(id!, 1_000, 5);
  await start();
  await recordInboxProgress(test.database.pool, [
    { partition: 5, reachedAtMs: Date.now() + 60_000, reachedOffset: 9, deafUntilMs: Date.now() + 60_000 },
  ]);
  await looks(3);
  expect((await job(id))?.attempt).toBe(1);
});

it('an attempt that outran its timeout and the grace fails with `timeout`', async () => {
  const { id } = await pollingWorker();
  const [jobId] = await seed({ maxAttempts: 1 });
  await claim(id);
  await test.database.pool.query(
    `UPDATE baton.job SET timeout_ms = 1000, started_at = baton.now() - interval '15 s' WHERE id = $1`,
    [jobId],
  );
  await Promise.all([looks(1, 'attempt-timeout'), start()]);
  expect(await stateOf(jobId)).toBe('running');
  await open.pop()!.close();
  await test.database.pool.query(
    `UPDATE baton.job SET started_at = baton.now() - interval '31100 ms' WHERE id = $1`,
    [jobId],
  );
  await start();
  await eventually('it is dead', async () => (await stateOf(jobId)) === 'dead');
  expect((await job(jobId))?.error).toContain('"timeout"');
});

it('at rest it asks PostgreSQL nothing', async () => {
  await test.database.pool.query(`DELETE FROM baton.job WHERE state = 'running'`);
  await test.database.pool.query('UPDATE baton.worker SET lease_until = baton.now()');
  const { leadership } = await start();
  await eventually('it is at rest', async () => (await statementsIn(300)) === 0);
  let beats = 0;
  leadership.follow({ onBeat: () => void beats++ });
  const asked = await statementsIn(3_000);
  expect(beats).toBeGreaterThan(0);
  expect(asked).toBe(0);
});

/** Statements of the pool meanwhile: the test's own share of it is none. */
async function statementsIn(ms: number): Promise<number> {
  let asked = 0;
  const { pool } = test.database;
  const count = (): void => void asked++;
  pool.on('acquire', count);
  await new Promise((resolve) => setTimeout(resolve, ms));
  pool.off('acquire', count);
  return asked;
}

it('forgets idempotency keys after a day', async () => {
  const { pool } = test.database;
  const insert = `INSERT INTO baton.idempotency (tenant_id, route, key, body_hash, job_ids, created_at)
    VALUES ($1, 'r', $2, '\\x00', '{}', baton.now() - $3 * interval '1 hour')`;
  await pool.query(insert, [test.tenant.tenantId, 'old', 25]);
  await pool.query(insert, [test.tenant.tenantId, 'young', 23]);
  await start();
  const keys = async () =>
    (await pool.query<{ key: string }>('SELECT key FROM baton.idempotency')).rows.map(({ key }) => key);
  await eventually('the old one is gone', async () => (await keys()).join() === 'young');
});
