import { inTransaction } from '../transaction/transaction.js';
import { Transaction } from '../transaction/transaction.js';
import { putSchedule, readNow, readSchedule, type ScheduleSettings } from '../sql/schedules.sql.js';
import { createTestDatabase, seedTenant, type SeededTenant, type TestDatabase } from '../testing.js';
import { CronRuns } from './cron.js';
import { fireDue, fireSchedules } from './fire-schedules.js';

let test: TestDatabase;
let tenant: SeededTenant;
const shifted: number[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  tenant = await seedTenant(test.database);
  await test.database.pool.query('DELETE FROM baton.schedule');
});
afterEach(async () => {
  for (const ms of shifted.splice(0)) await test.shiftClock(-ms);
});

async function shift(ms: number): Promise<void> {
  await test.shiftClock(ms);
  shifted.push(ms);
}

/** At midnight, UTC, each day. */
async function schedule(name: string, settings: Partial<ScheduleSettings> = {}): Promise<number> {
  const { pool } = test.database;
  const all: ScheduleSettings = {
    queue: tenant.queue,
    cron: '0 0 * * *',
    timezone: 'UTC',
    payload: '{"n":1}',
    job: '{"priority":1}',
    jitterMs: 0,
    catchUp: 'skip',
    paused: false,
    ...settings,
  };
  const nextAtMs = new CronRuns(all).after(await readNow(pool))!;
  await putSchedule(pool, { ...all, tenantId: tenant.tenantId, name, nextAtMs });
  return nextAtMs;
}

/** So many milliseconds from now until a time. */
const until = async (ms: number): Promise<number> => ms - (await readNow(test.database.pool));
const day = 86_400_000;

async function jobs(): Promise<
  {
    id: string;
    state: string;
    run_at: Date;
    payload: string;
    traceparent: string;
    ordering_key: string | null;
  }[]
> {
  const { rows } = await test.database.pool.query<Awaited<ReturnType<typeof jobs>>[number]>(
    'SELECT id, state::text, run_at, payload, traceparent, ordering_key FROM baton.job WHERE tenant_id = $1 ORDER BY run_at, id',
    [tenant.tenantId],
  );
  return rows;
}

const fire = () => fireSchedules(test.database.pool, 100);
const read = async (name: string) => (await readSchedule(test.database.pool, tenant.tenantId, name))!;

it('fires a run when it is due and not before, and moves on to the next', async () => {
  const nextAtMs = await schedule('daily');
  expect(await fire()).toMatchObject({ schedules: 0, inserted: [] });
  await shift(await until(nextAtMs));
  const fired = await fire();
  expect(fired.inserted).toMatchObject([{ queue: tenant.queue, state: 'queued' }]);
  expect(await jobs()).toMatchObject([{ state: 'queued', run_at: new Date(nextAtMs), payload: '{"n":1}' }]);
  expect(await read('daily')).toMatchObject({
    nextAtMs: nextAtMs + day,
    lastAtMs: nextAtMs,
    lastFiredAtMs: expect.any(Number),
    lastJobId: fired.inserted[0]!.id,
    lastError: null,
  });
  expect(await fire()).toMatchObject({ schedules: 0 });
});

it('fires each run once, though two fire at the same time', async () => {
  const times = await Promise.all([1, 2, 3, 4, 5].map((n) => schedule(`s${n}`)));
  await shift(await until(times[0]!));
  const fired = await Promise.all(Array.from({ length: 6 }, fire));
  expect(fired.flatMap(({ inserted }) => inserted)).toHaveLength(5);
  expect(await jobs()).toHaveLength(5);
});

it('a leader that was frozen within its firing holds it up until its session ends, and fires nothing a second time', async () => {
  const nextAtMs = await schedule('daily');
  await shift(await until(nextAtMs));
  const frozen = await test.database.pool.connect();
  await frozen.query('BEGIN');
  await fireDue(new Transaction(frozen), { limit: 100 });
  expect((await fire()).schedules).toBe(0);
  const { rows } = await frozen.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  await test.database.pool.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]!.pid]);
  expect((await fire()).inserted).toHaveLength(1);
  await expect(frozen.query('COMMIT')).rejects.toThrow();
  frozen.release(true);
  expect(await jobs()).toHaveLength(1);
});

it('a run has one job, should the clock be put back behind it', async () => {
  const nextAtMs = await schedule('daily');
  await shift(await until(nextAtMs));
  await fire();
  await test.database.pool.query('UPDATE baton.schedule SET next_at = to_timestamp($1::float8 / 1000)', [
    nextAtMs,
  ]);
  expect(await fire()).toMatchObject({ schedules: 1, inserted: [] });
  expect(await jobs()).toHaveLength(1);
});

describe('runs that were missed', () => {
  it.each([
    ['skip', []],
    ['one', [3]],
    ['all', [0, 1, 2, 3]],
  ] as const)('catchUp "%s"', async (catchUp, expected) => {
    const nextAtMs = await schedule('daily', { catchUp });
    await shift((await until(nextAtMs)) + 3 * day + 3_600_000);
    await fire();
    expect((await jobs()).map(({ run_at }) => run_at.getTime())).toEqual(
      expected.map((n) => nextAtMs + n * day),
    );
    expect((await read('daily')).nextAtMs).toBe(nextAtMs + 4 * day);
  });

  it('"skip" fires the last one that is only late, as after a take-over', async () => {
    const nextAtMs = await schedule('daily');
    await shift((await until(nextAtMs)) + 2 * day + 20_000);
    await fire();
    expect((await jobs()).map(({ run_at }) => run_at.getTime())).toEqual([nextAtMs + 2 * day]);
  });

  it('"all" makes up for the last 100 at most', async () => {
    const nextAtMs = await schedule('often', { catchUp: 'all', cron: '* * * * *' });
    await shift((await until(nextAtMs)) + day);
    await fire();
    const made = await jobs();
    expect(made).toHaveLength(100);
    expect(made.at(-1)!.run_at.getTime()).toBe(nextAtMs + day);
  });
});

it('gives a jitter that is the same each time, within its bound', async () => {
  const nextAtMs = await schedule('daily', { jitterMs: 600_000 });
  await shift(await until(nextAtMs));
  await fire();
  const [job] = await jobs();
  expect(job!.run_at.getTime()).toBeGreaterThanOrEqual(nextAtMs);
  expect(job!.run_at.getTime()).toBeLessThan(nextAtMs + 600_000);
});

it('jobs of one key stand in their lane', async () => {
  const nextAtMs = await schedule('daily', { catchUp: 'all', job: '{"priority":1,"orderingKey":"k"}' });
  await shift((await until(nextAtMs)) + day);
  await fire();
  expect((await jobs()).map(({ state, ordering_key }) => [state, ordering_key])).toEqual([
    ['queued', 'k'],
    ['held', 'k'],
  ]);
});

it('a lane that another holds is not waited for, and the run not lost', async () => {
  const nextAtMs = await schedule('daily', { job: '{"priority":1,"orderingKey":"k"}' });
  await schedule('other');
  await inTransaction(test.database.pool, (tx) =>
    tx.query({
      text: `INSERT INTO baton.lane (tenant_id, queue, ordering_key, holder) VALUES ($1, $2, 'k', gen_random_uuid())`,
      values: [tenant.tenantId, tenant.queue],
    }),
  );
  await shift(await until(nextAtMs));
  const holder = await test.database.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM baton.lane FOR UPDATE');
  expect(await fire()).toMatchObject({ schedules: 2, busy: 1, inserted: [expect.anything()] });
  await holder.query('ROLLBACK');
  holder.release();
  expect(await fire()).toMatchObject({ schedules: 1, busy: 0, inserted: [expect.anything()] });
});

it('one that cannot be fired says why, and stops no other', async () => {
  const times = [
    await schedule('a-good'),
    await schedule('b-bad', { queue: 'gone' }),
    await schedule('c-good'),
  ];
  await shift(await until(times[0]!));
  while ((await fire()).schedules > 0);
  expect(await jobs()).toHaveLength(2);
  expect(JSON.parse((await read('b-bad')).lastError!)).toMatchObject({ code: 'unknown_queue' });
  expect((await read('b-bad')).nextAtMs).toBe(times[1]! + day);
  expect(await read('c-good')).toMatchObject({ lastError: null, lastJobId: expect.any(String) });
});

it('each firing has a trace of its own', async () => {
  const nextAtMs = await schedule('daily', { catchUp: 'all' });
  await shift((await until(nextAtMs)) + day);
  await fire();
  const traces = (await jobs()).map(({ traceparent }) => traceparent.slice(3, 35));
  expect(new Set(traces).size).toBe(2);
});

it('a schedule that is set again as it is keeps its next run, also one that is due; a changed one begins anew', async () => {
  const nextAtMs = await schedule('daily');
  await shift((await until(nextAtMs)) + 1_000);
  await schedule('daily', { payload: '2' });
  expect(await read('daily')).toMatchObject({ nextAtMs, payload: '2' });
  const changed = await schedule('daily', { cron: '0 12 * * *' });
  expect((await read('daily')).nextAtMs).toBe(changed);
  await schedule('daily', { paused: true });
  expect(await read('daily')).toMatchObject({ nextAtMs: null, paused: true });
  await shift(5 * day);
  const resumed = await schedule('daily');
  expect((await read('daily')).nextAtMs).toBe(resumed);
});
