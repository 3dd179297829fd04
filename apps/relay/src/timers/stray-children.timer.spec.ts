import { timersShard } from '@baton/contracts';
import { JobAcceptor, type NewJob } from '@baton/persistence';
import {
  createTestDatabase,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { strays } from '@baton/tracing';
import { uuidv7 } from 'uuidv7';
import { eventually } from '../testing/eventually.js';
import { startTimers, type TestTimers } from '../testing/test-timers.js';

let test: TestDatabase;
let tenant: SeededTenant;
let timers: TestTimers | undefined;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(async () => {
  await timers?.close();
  await test.close();
});
beforeEach(async () => {
  tenant = await seedTenant(test.database);
});

async function accept(fields: Partial<NewJob> = {}): Promise<string> {
  const acceptor = new JobAcceptor(test.database.pool, {
    wake: () => undefined,
    log: (message, error) => {
      throw new Error(message, { cause: error });
    },
  });
  const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
  const job = { id: uuidv7(), queue: tenant.queue, priority: 1, payload: '1', trace, ...fields };
  await acceptor.accept({ tenantId: tenant.tenantId, jobs: [job] });
  return job.id;
}

it('mends what waits in vain: a miscounted job goes, one that held out for a job that is gone is cancelled, and forgotten in its time', async () => {
  const parent = await accept();
  const holds = await accept({ dependsOn: [{ jobId: parent, onFailure: 'hold' }] });
  const free = await accept({ dependsOn: [{ jobId: parent, onFailure: 'run' }] });
  const { pool } = test.database;
  await pool.query('DELETE FROM baton.job WHERE id = $1', [parent]);
  await pool.query('UPDATE baton.dependency SET done = true WHERE child_id = $1', [free]);
  const counted = async (): Promise<number> => {
    const { values } = await strays.get();
    return values.find(({ labels }) => labels.kind === 'parents_count')?.value ?? 0;
  };
  const before = await counted();
  timers = await startTimers(test);
  await eventually('it leads the timers', () => timers!.leadership.shards.includes(timersShard));
  const stateOf = async (id: string): Promise<string | undefined> => {
    const { rows } = await pool.query<{ state: string }>(
      `SELECT state::text FROM baton.job WHERE id = $1 UNION ALL
       SELECT state::text FROM baton.job_history WHERE id = $1`,
      [id],
    );
    return rows[0]?.state;
  };
  await eventually('one is let go', async () => (await stateOf(free)) === 'queued');
  await eventually('the other is cancelled', async () => (await stateOf(holds)) === 'cancelled');
  expect(await counted()).toBe(before + 1);
  await timers.close();
  await pool.query('DELETE FROM baton.job_history WHERE id = $1', [holds]);
  timers = await startTimers(test);
  await eventually('what it depended on is forgotten', async () => {
    const { rowCount } = await pool.query('SELECT FROM baton.dependency WHERE child_id = $1', [holds]);
    return rowCount === 0;
  });
});
