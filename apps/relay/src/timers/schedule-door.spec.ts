import { Backlogs, type CatchUp, putSchedule, readNow, readSchedule } from '@baton/persistence';
import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { Announcer } from '../announce/announcer.js';
import { ScheduleDoor } from './schedule-door.js';
import { ScheduleTimer } from './schedule.timer.js';

let test: TestDatabase;
let tenant: SeededTenant;
let timer: ScheduleTimer;
beforeAll(async () => {
  test = await createTestDatabase();
  const nothing = (): Promise<void> => Promise.resolve();
  const feed = { publish: nothing, wake: nothing, close: nothing };
  const backlogs = new Backlogs(test.database.pool, (message, error) => {
    throw new Error(message, { cause: error });
  });
  timer = new ScheduleTimer(
    test.database,
    new Announcer({ wake: () => undefined }, feed),
    new ScheduleDoor(backlogs).enter,
  );
});
afterAll(() => test.close());
beforeEach(async () => {
  tenant = await seedTenant(test.database);
  await test.database.pool.query('DELETE FROM baton.schedule');
});

const hourMs = 3_600_000;

/** Each hour. */
async function schedule(catchUp: CatchUp): Promise<void> {
  const { pool } = test.database;
  const nextAtMs = Math.ceil((await readNow(pool)) / hourMs) * hourMs;
  const times = { cron: '0 * * * *', timezone: 'UTC', jitterMs: 0, paused: false, nextAtMs };
  const job = { payload: '{"n":"one"}', job: '{"priority":1}' };
  await putSchedule(pool, { ...tenant, ...times, ...job, name: 'hourly', catchUp });
}

const set = (what: string) =>
  test.database.pool.query(`UPDATE baton.queue SET ${what} WHERE name = $1`, [tenant.queue]);
const jobs = async (): Promise<number> => {
  const text = `SELECT count(*)::int AS n FROM baton.job WHERE queue = $1 AND payload = '{"n":"one"}'`;
  return (await test.database.pool.query<{ n: number }>(text, [tenant.queue])).rows[0]!.n;
};

/** The next full hour comes; the timer looks until nothing is due, or what is due waits. */
async function hour(): Promise<{ nextMs: number | undefined }> {
  const nowMs = await readNow(test.database.pool);
  await test.shiftClock(hourMs - (nowMs % hourMs) + 1);
  for (;;) {
    const { nextMs } = await timer.look();
    if (nextMs !== 0) return { nextMs };
  }
}

const last = async () => {
  const row = (await readSchedule(test.database.pool, tenant.tenantId, 'hourly'))!;
  return {
    error: row.lastError && (JSON.parse(row.lastError) as { code: string }).code,
    jobId: row.lastJobId,
  };
};

it.each([
  ['skip', 0],
  ['one', 1],
  ['all', 3],
] as const)(
  'catchUp "%s": of three runs into a queue that drains, %d are made up for when it is resumed',
  async (catchUp, n) => {
    await schedule(catchUp);
    await set('draining_at = baton.now()');
    for (let i = 0; i < 3; i++) {
      const { nextMs } = await hour();
      // It waits a while, or for its next run: it does not ask without a pause.
      expect(nextMs).toBeGreaterThan(1_000);
      expect(await last()).toEqual({ error: 'state_conflict', jobId: null });
    }
    expect(await jobs()).toBe(0);
    await set('draining_at = NULL');
    await test.shiftClock(5_000);
    await timer.look();
    expect(await jobs()).toBe(n);
    if (n > 0) expect(await last()).toEqual({ error: null, jobId: expect.any(String) });
    await hour();
    expect(await jobs()).toBe(n + 1);
  },
);

it('waits while the backlog is full, and is made up for when there is room', async () => {
  await schedule('one');
  await set('max_backlog = 1');
  await seedJobs(test.database, tenant, [{}]);
  await hour();
  // The first is let in by an estimate that has counted nothing yet.
  await hour();
  expect([await jobs(), await last()]).toEqual([1, { error: 'queue_backlogged', jobId: null }]);
  await set('max_backlog = 100');
  await test.shiftClock(5_000);
  await timer.look();
  expect([await jobs(), await last()]).toEqual([2, { error: null, jobId: expect.any(String) }]);
});

it('a payload that does not fit its queue’s schema any more is a missed run, whatever is made up for', async () => {
  await schedule('all');
  await set(`schema = '{"properties":{"n":{"type":"integer"}}}'`);
  await hour();
  expect([await jobs(), await last()]).toEqual([0, { error: 'payload_invalid', jobId: null }]);
  await set('schema = NULL');
  await hour();
  expect(await jobs()).toBe(1);
});
