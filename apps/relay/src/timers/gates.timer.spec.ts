import { channels, timersShard } from '@baton/contracts';
import { JobAcceptor } from '@baton/persistence';
import { useTestDatabase } from '@baton/persistence/testing';
import { strays } from '@baton/tracing';
import { uuidv7 } from 'uuidv7';
import { eventually } from '../testing/eventually.js';
import { startTimers, type TestTimers } from '../testing/test-timers.js';

const test = useTestDatabase();
let timers: TestTimers;
const open: TestTimers[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function start(): Promise<void> {
  timers = await startTimers(test);
  open.push(timers);
  await eventually('it leads the timers', () => timers.leadership.shards.includes(timersShard));
}

/** Accepts jobs as the producer does; what it tells the timers is told to these. */
async function post(count: number): Promise<void> {
  const acceptor = new JobAcceptor(test.database.pool, {
    wake: (channel, item) => channel === channels.gates && timers.timers.wakeGates([Number(item)]),
    log: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  const jobs = Array.from({ length: count }, () => ({
    id: uuidv7(),
    queue: test.tenant.queue,
    priority: 1,
    payload: '1',
    trace,
  }));
  await acceptor.accept({ tenantId: test.tenant.tenantId, jobs });
}

async function limit(settings: string): Promise<void> {
  await test.database.pool.query(`UPDATE baton.queue SET ${settings}, regate = true WHERE name = $1`, [
    test.tenant.queue,
  ]);
}

async function queued(): Promise<number> {
  const { rows } = await test.database.pool.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM baton.job WHERE queue = $1 AND state = 'queued'`,
    [test.tenant.queue],
  );
  return rows[0]!.n;
}

it('lets jobs through as tokens come, woken by who comes to stand there, and tells their workers', async () => {
  await start();
  await limit('rate_limit = 20, rate_per_ms = 1000, rate_burst = 8');
  await post(12);
  expect(await queued()).toBe(8);
  // A worker takes them: what was ahead of it is no more.
  await test.database.pool.query(
    `UPDATE baton.job SET state = 'running' WHERE queue = $1 AND state = 'queued'`,
    [test.tenant.queue],
  );
  await eventually('the rest is let go', async () => (await queued()) === 4);
  expect(timers.woken).toContain(`${channels.jobs} ${test.tenant.queue}`);
});

it('finds at its start what became due while no relay ran, and a limit that was removed then', async () => {
  await start();
  await limit('concurrency_total = 1');
  await post(3);
  await timers.close();
  await limit('concurrency_total = NULL');
  await start();
  await eventually('all are let go', async () => (await queued()) === 3);
});

it('is told of changed settings, and lets go whom no limit holds any more', async () => {
  await start();
  await limit('paused_at = baton.now()');
  await post(3);
  expect(await queued()).toBe(0);
  await limit('paused_at = NULL');
  timers.timers.queuesChanged();
  await eventually('all are let go', async () => (await queued()) === 3);
});

it('counts and mends strays', async () => {
  await limit('concurrency_total = 2');
  await start();
  await post(3);
  await timers.close();
  await test.database.pool.query('UPDATE baton.gate SET running = 9 WHERE queue = $1', [test.tenant.queue]);
  const before = await strays.get();
  const count = (values: typeof before) => values.values.reduce((sum, { value }) => sum + value, 0);
  await start();
  await eventually('it is counted', async () => count(await strays.get()) === count(before) + 1);
  const { rows } = await test.database.pool.query('SELECT running FROM baton.gate WHERE queue = $1', [
    test.tenant.queue,
  ]);
  expect(rows).toEqual([{ running: 2 }]);
});
