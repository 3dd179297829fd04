import { timersShard } from '@baton/contracts';
import { useTestDatabase, seedJobs } from '@baton/persistence/testing';
import { deadlineFired } from '@baton/tracing';
import { eventually } from '../testing/eventually.js';
import { startTimers, type TestTimers } from '../testing/test-timers.js';

const test = useTestDatabase();
const open: TestTimers[] = [];

afterEach(async () => {
  for (const timers of open.splice(0)) await timers.close();
});

async function start(): Promise<TestTimers> {
  const timers = await startTimers(test);
  open.push(timers);
  await eventually('it leads the timers', () => timers.leadership.shards.includes(timersShard));
  return timers;
}

const query = async <T>(text: string, values: unknown[] = []): Promise<T[]> =>
  (await test.database.pool.query(text, values)).rows as T[];
const expectIn = (id: string | undefined, ms: number) =>
  query(
    `UPDATE baton.job SET expect_ms = $2::bigint, deadline_at = baton.now() + $2::bigint * interval '1 ms' WHERE id = $1`,
    [id, ms],
  );
const overdue = async (): Promise<string[]> =>
  (
    await query<{ id: string }>('SELECT id FROM baton.job WHERE queue = $1 AND overdue_at IS NOT NULL', [
      test.tenant.queue,
    ])
  ).map(({ id }) => id);
async function fired(): Promise<number> {
  const { values } = await deadlineFired.get();
  return values.find(({ labels }) => labels.queue === test.tenant.queue)?.value ?? 0;
}

it('marks a job that is not done at its deadline, once, notes where it is stuck, and runs nothing again', async () => {
  const [late, other] = await seedJobs(test.database, test.tenant, [{}, {}]);
  await expectIn(late, 300);
  await expectIn(other, 3_600_000);
  const { timers } = await start();
  await eventually('it is overdue', async () => (await overdue()).length === 1);
  expect(await overdue()).toEqual([late]);
  timers.wakeAll();
  await eventually('it is at rest', async () => (await fired()) === 1);
  const events = await query(
    'SELECT type, data::json AS data, generation, seq FROM baton.job_event WHERE job_id = $1',
    [late],
  );
  expect(events).toEqual([
    {
      type: 'job.overdue',
      generation: 0,
      seq: 3,
      data: { stuckAt: 'queued', deadlineAt: expect.any(String) },
    },
  ]);
  const [job] = await query('SELECT state, attempt, seq FROM baton.job WHERE id = $1', [late]);
  expect(job).toEqual({ state: 'queued', attempt: 1, seq: 3 });
});

it('is woken by a deadline that is nearer than any before', async () => {
  const { timers } = await start();
  const [id] = await seedJobs(test.database, test.tenant, [{}]);
  await expectIn(id, 200);
  timers.wakeDue([Date.now() + 200]);
  await eventually('it is overdue', async () => (await overdue()).length === 1, { withinMs: 5_000 });
});

it('counts from when a delayed job became due', async () => {
  const { timers } = await start();
  const [id] = await seedJobs(test.database, test.tenant, [{ delayMs: 300 }]);
  await query('UPDATE baton.job SET expect_ms = 200 WHERE id = $1', [id]);
  timers.wakeDue([Date.now() + 300]);
  await eventually('it is overdue', async () => (await overdue()).length === 1, { withinMs: 5_000 });
  const [job] = await query<{ ms: number }>(
    'SELECT extract(epoch FROM deadline_at - queued_at)::float8 * 1000 AS ms FROM baton.job WHERE id = $1',
    [id],
  );
  expect(Math.round(job!.ms)).toBe(200);
});

it.each([
  ['in its lane', { orderingKey: 'k' }, undefined],
  ['for a parent', {}, 'UPDATE baton.job SET pending_parents = 1 WHERE queue = $1 AND run_at > baton.now()'],
  ['for its queue to go on', {}, 'UPDATE baton.queue SET paused_at = baton.now() WHERE name = $1'],
])('counts from when a job became due, though it waits then %s', async (_, more, before) => {
  const { timers } = await start();
  const [, id] = await seedJobs(test.database, test.tenant, [more, { ...more, delayMs: 300 }]);
  await query('UPDATE baton.job SET expect_ms = 200 WHERE id = $1', [id]);
  if (before) await query(before, [test.tenant.queue]);
  timers.wakeDue([Date.now() + 300]);
  await eventually('it is overdue', async () => (await overdue()).length === 1, { withinMs: 5_000 });
  expect(await overdue()).toEqual([id]);
  expect(await query('SELECT state FROM baton.job WHERE id = $1', [id])).toEqual([{ state: 'held' }]);
});
