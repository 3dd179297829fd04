import { timersShard } from '@baton/contracts';
import { CronRuns, putSchedule, readNow, type ScheduleSettings } from '@baton/persistence';
import { useTestDatabase, seedJobs } from '@baton/persistence/testing';
import { timerRuns } from '../metrics/relay-metrics.js';
import { eventually } from '../testing/eventually.js';
import { startTimers, type TestTimers } from '../testing/test-timers.js';

const test = useTestDatabase();
const open: TestTimers[] = [];
let shifted = 0;

afterEach(async () => {
  for (const timers of open.splice(0)) await timers.close();
  await test.database.pool.query('DELETE FROM baton.schedule');
  await test.shiftClock(-shifted);
  shifted = 0;
});

async function start(): Promise<TestTimers> {
  const timers = await startTimers(test);
  open.push(timers);
  await eventually('it leads the timers', () => timers.leadership.shards.includes(timersShard));
  return timers;
}

async function shift(ms: number): Promise<void> {
  await test.shiftClock(ms);
  shifted += ms;
}

async function schedule(cron: string, settings: Partial<ScheduleSettings> = {}): Promise<number> {
  const { pool } = test.database;
  const time = { cron, timezone: 'UTC' };
  const nextAtMs = new CronRuns(time).after(await readNow(pool))!;
  await putSchedule(pool, {
    ...time,
    queue: test.tenant.queue,
    payload: 'null',
    job: '{"priority":1}',
    jitterMs: 0,
    catchUp: 'skip',
    paused: false,
    ...settings,
    tenantId: test.tenant.tenantId,
    name: 's',
    nextAtMs,
  });
  return nextAtMs;
}

async function count(where = 'true'): Promise<number> {
  const { rows } = await test.database.pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM baton.job WHERE queue = $1 AND ${where}`,
    [test.tenant.queue],
  );
  return rows[0]!.n;
}

async function looksOf(timer: string): Promise<number> {
  const { values } = await timerRuns.get();
  return values.filter(({ labels }) => labels.timer === timer).reduce((sum, { value }) => sum + value, 0);
}

it('fires a schedule each time it is due, and sleeps in between', async () => {
  const { timers } = await start();
  await schedule('* * * * * *');
  const before = await looksOf('schedule');
  timers.schedulesChanged();
  await eventually('it has run three times', async () => (await count()) >= 3);
  await test.database.pool.query('UPDATE baton.schedule SET next_at = NULL');
  // A look that fires is followed by one that finds nothing, and by sleep.
  const fired = await count();
  expect((await looksOf('schedule')) - before).toBeLessThanOrEqual(2 * fired + 3);
});

it('makes up for what was due while no relay ran, once for two of them', async () => {
  const first = await schedule('0 0 * * *', { catchUp: 'all' });
  await shift(first + 2 * 86_400_000 - (await readNow(test.database.pool)));
  await start();
  open.push(await startTimers(test));
  await eventually('all three have run', async () => (await count(`state = 'queued'`)) === 3);
});

it('two sets of timers that fire the same schedule at once make one job a run', async () => {
  const first = await schedule('0 0 * * *');
  // Both lead, as a deposed leader and its successor may for a moment.
  const both = await Promise.all([startTimers(test), startTimers(test)]);
  open.push(...both);
  for (const { timers } of both) timers.onShardsTaken([{ shard: timersShard, epoch: 1 }]);
  await shift(first - (await readNow(test.database.pool)));
  for (const { timers } of both) timers.schedulesChanged();
  await eventually('it has run', async () => (await count()) > 0);
  const before = await looksOf('schedule');
  for (const { timers } of both) timers.schedulesChanged();
  await eventually('both have looked again', async () => (await looksOf('schedule')) >= before + 2);
  expect(await count()).toBe(1);
});

it('admits what callers have enqueued, once they commit', async () => {
  const { timers, woken } = await start();
  const caller = await test.database.pool.connect();
  try {
    await caller.query('BEGIN');
    await caller.query('SELECT baton.enqueue($1, $2, $3)', [test.tenant.tenantId, test.tenant.queue, '1']);
    timers.wakeAdmission();
    const [plain] = await seedJobs(test.database, test.tenant, [{ delayMs: 1 }]);
    timers.wakeDue([0]);
    await eventually('others flow', async () => (await count(`id = '${plain}' AND state = 'queued'`)) === 1);
    await caller.query('COMMIT');
    timers.wakeAdmission();
    await eventually('it is released', async () => (await count(`state = 'queued'`)) === 2);
    expect(woken.some((wake) => wake.includes(test.tenant.queue))).toBe(true);
  } finally {
    caller.release();
  }
});

it('lets 10,000 jobs go that are due at once, which were due while it was away', async () => {
  const { pool } = test.database;
  await pool.query(
    `INSERT INTO baton.job (id, tenant_id, queue, state, priority, payload, max_attempts, timeout_ms, seq, created_at, run_at)
     SELECT baton.new_id(), $1, $2, 'scheduled', 1, 'null', 5, 1000, 2, baton.now(), baton.now() - interval '1 s'
     FROM generate_series(1, 10000)`,
    [test.tenant.tenantId, test.tenant.queue],
  );
  const before = await looksOf('due');
  const { timers } = await start();
  await eventually('all are released', async () => (await count(`state = 'queued'`)) === 10_000, {
    withinMs: 60_000,
  });
  // 500 a look, and a last one that finds nothing; then it sleeps.
  expect((await looksOf('due')) - before).toBeLessThanOrEqual(22);
  await timers.stop();
});

it('a job that is far ahead is not looked at before its time', async () => {
  const { timers } = await start();
  await seedJobs(test.database, test.tenant, [{ delayMs: 40 * 86_400_000 }]);
  const before = await looksOf('due');
  timers.wakeDue([Date.now() + 40 * 86_400_000]);
  const [soon] = await seedJobs(test.database, test.tenant, [{ delayMs: 300 }]);
  timers.wakeDue([Date.now() + 300]);
  await eventually(
    'the near one is released',
    async () => (await count(`id = '${soon}' AND state = 'queued'`)) === 1,
  );
  expect((await looksOf('due')) - before).toBeLessThanOrEqual(2);
});
