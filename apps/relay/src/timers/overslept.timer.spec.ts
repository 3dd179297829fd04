import { timersShard } from '@baton/contracts';
import { moveQueue, putSchedule, readNow } from '@baton/persistence';
import { useTestDatabase, seedJobs } from '@baton/persistence/testing';
import { timerRuns } from '../metrics/relay-metrics.js';
import { eventually } from '../testing/eventually.js';
import { startTimers, type TestTimers } from '../testing/test-timers.js';

const test = useTestDatabase();
let timers: TestTimers | undefined;
afterEach(() => timers?.close());

async function looks(): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { labels, value } of (await timerRuns.get()).values)
    counts[labels.timer!] = (counts[labels.timer!] ?? 0) + value;
  return counts;
}

/** Each timer has had its first look, and sleeps. */
async function start(): Promise<void> {
  const before = await looks();
  timers = await startTimers(test, { oversleptMs: 200 });
  await eventually('it leads the timers', () => timers!.leadership.shards.includes(timersShard));
  // What looks at due jobs has those that look at deadlines look once more.
  const wanted = { due: 1, deadline: 2, gates: 1, schedule: 1 };
  await eventually('each has looked', async () => {
    const now = await looks();
    return Object.entries(wanted).every(([name, n]) => (now[name] ?? 0) - (before[name] ?? 0) >= n);
  });
}

const query = (text: string) => test.database.pool.query<{ n: number }>(text, [test.tenant.queue]);
const untilJob = (where: string) =>
  eventually(
    `a job with ${where}`,
    async () => {
      const { rows } = await query(`SELECT count(*)::int AS n FROM baton.job WHERE queue = $1 AND ${where}`);
      return rows[0]!.n === 1;
    },
    { withinMs: 10_000 },
  );

// Nobody tells the timers of any of these: whoever would have told them died after its commit.
it('finds a job that is due before any other', async () => {
  await start();
  await seedJobs(test.database, test.tenant, [{ delayMs: 300 }]);
  await untilJob(`state = 'queued'`);
});

it('finds a deadline', async () => {
  await seedJobs(test.database, test.tenant, [{}]);
  await start();
  await query('UPDATE baton.job SET expect_ms = 1, deadline_at = baton.now() WHERE queue = $1');
  await untilJob('overdue_at IS NOT NULL');
});

it('finds a run of a schedule', async () => {
  await start();
  const { pool } = test.database;
  const times = { cron: '0 0 1 1 *', timezone: 'UTC', jitterMs: 0, catchUp: 'one', paused: false } as const;
  const nextAtMs = Date.UTC(new Date(await readNow(pool)).getUTCFullYear(), 0, 1);
  await putSchedule(pool, {
    ...test.tenant,
    ...times,
    name: 's',
    payload: '1',
    job: '{"priority":1}',
    nextAtMs,
  });
  await untilJob(`state = 'queued'`);
});

it('finds a queue that goes on, and a limit that is to be looked at', async () => {
  const { pool } = test.database;
  await moveQueue(pool, test.tenant.queue, 'pause');
  await seedJobs(test.database, test.tenant, [{ delayMs: 1 }]);
  await start();
  await untilJob(`reason = 'paused'`);
  await moveQueue(pool, test.tenant.queue, 'resume');
  await untilJob(`state = 'queued'`);
  await query(`INSERT INTO baton.gate (queue, key, tenant_id, due_at)
    VALUES ($1, 'k', gen_random_uuid(), baton.now() + interval '300 ms')`);
  await eventually('it was looked at', async () => {
    const { rows } = await query(
      'SELECT count(*)::int AS n FROM baton.gate WHERE queue = $1 AND due_at IS NOT NULL',
    );
    return rows[0]!.n === 0;
  });
});
