import { channels, timersShard } from '@baton/contracts';
import { seedJobs, useTestDatabase } from '@baton/persistence/testing';
import { strays } from '@baton/tracing';
import { eventually } from '../testing/eventually.js';
import { startTimers, type TestTimers } from '../testing/test-timers.js';

const test = useTestDatabase();
let timers: TestTimers | undefined;
afterEach(() => timers?.close());

it('lets the next of a lane go that nobody holds, wakes its queue, and counts it', async () => {
  const lane = { orderingKey: 'k' };
  const [holder, next] = await seedJobs(test.database, test.tenant, [lane, lane]);
  const { pool } = test.database;
  await pool.query('DELETE FROM baton.job WHERE id = $1', [holder]);
  const counted = async (): Promise<number> =>
    (await strays.get()).values.find(({ labels }) => labels.kind === 'lane_held')?.value ?? 0;
  const before = await counted();
  timers = await startTimers(test);
  await eventually('it leads the timers', () => timers!.leadership.shards.includes(timersShard));
  await eventually('the next goes', async () => {
    const { rows } = await pool.query<{ state: string }>('SELECT state FROM baton.job WHERE id = $1', [next]);
    return rows[0]?.state === 'queued';
  });
  await eventually('it is counted', async () => (await counted()) === before + 1);
  expect(timers.woken).toContain(`${channels.jobs} ${test.tenant.queue}`);
});
