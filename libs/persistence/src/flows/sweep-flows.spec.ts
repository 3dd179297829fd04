import { createHash } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import type { JobAcceptor } from '../accept/job-acceptor.js';
import type { NewJob, UniqueRule } from '../accept/new-job.js';
import { newJob, requestFor, testAcceptor } from '../accept/testing.js';
import type { Queryable } from '../sql/statement.js';
import { type Swept, sweepDependencies, sweepFlows, sweepUniqueKeys } from '../sql/sweep-flows.sql.js';
import { useTestDatabase } from '../testing.js';
import { TestWorker } from './test-worker.fixture.js';

const day = 86_400_000;

const test = useTestDatabase();
let worker: TestWorker;
let acceptor: JobAcceptor;

beforeEach(async () => {
  worker = await TestWorker.register(test, test.tenant);
  ({ acceptor } = testAcceptor(test.database.pool));
});
afterEach(() => acceptor.drain());

async function accept(fields: Partial<NewJob> = {}): Promise<string> {
  const { jobs } = await acceptor.accept(requestFor(test.tenant, fields));
  return jobs[0]!.id;
}

/** All slices, of two rows each. */
async function all<Place>(
  sweep: (db: Queryable, limit: number, after?: Place) => Promise<Swept<Place>>,
): Promise<number> {
  let sum = 0;
  let after: Place | undefined;
  do {
    const { swept, next } = await sweep(test.database.pool, 2, after);
    sum += swept;
    after = next;
  } while (after !== undefined);
  return sum;
}
const purge = (...ids: string[]) =>
  test.database.pool.query('DELETE FROM baton.job_history WHERE id = ANY ($1)', [ids]);

it('forgets what a job depended on when it is gone, and not before', async () => {
  const parents = [await accept(), await accept(), await accept()];
  const dependsOn = parents.map((jobId) => ({ jobId, onFailure: 'cancel' as const }));
  const [child, other] = [await accept({ dependsOn }), await accept({ dependsOn })];
  expect(await all(sweepDependencies)).toBe(0);
  await worker.run();
  await worker.run();
  await purge(...parents);
  expect(await all(sweepDependencies)).toBe(0);
  await purge(child);
  expect(await all(sweepDependencies)).toBe(3);
  await purge(other);
  expect(await all(sweepDependencies)).toBe(3);
});

it('forgets a flow when a day is over and none of its jobs is there', async () => {
  const flows = [uuidv7(), uuidv7(), uuidv7()];
  const ids = new Map<string, string[]>();
  for (const id of flows) {
    const jobs = [newJob(test.tenant.queue), newJob(test.tenant.queue)];
    await acceptor.accept({ tenantId: test.tenant.tenantId, jobs, flow: { id, names: ['a', 'b'] } });
    ids.set(
      id,
      jobs.map((job) => job.id),
    );
  }
  await worker.run();
  await purge(...ids.get(flows[0]!)!, ids.get(flows[1]!)![0]!);
  expect(await all(sweepFlows)).toBe(0);
  await test.shiftClock(day + 1);
  expect(await all(sweepFlows)).toBe(1);
  await purge(ids.get(flows[1]!)![1]!);
  expect(await all(sweepFlows)).toBe(1);
  await purge(...ids.get(flows[2]!)!);
  expect(await all(sweepFlows)).toBe(1);
});

describe('a unique key', () => {
  const hash = (key: string): Buffer => createHash('sha256').update(key).digest();
  const unique = (key: string, more: Partial<UniqueRule> = {}): Partial<NewJob> => ({
    unique: { hash: hash(key), states: ['queued', 'running'], onConflict: 'reject', ...more },
  });
  const throttle = { states: ['queued', 'succeeded'], onConflict: 'throttle', withinMs: day } as const;

  it('stays while its job is live, or in its window, and goes then', async () => {
    await accept(unique('live', { withinMs: 1 }));
    expect(await all(sweepUniqueKeys)).toBe(0);
    await worker.run();
    const [delayed, throttled, kept] = [
      await accept({ ...unique('delayed', { withinMs: 1 }), delayMs: 9 * day }),
      await accept(unique('throttled', { ...throttle, states: [...throttle.states] })),
      await accept(unique('kept', { states: ['queued', 'succeeded'] })),
    ];
    await worker.run();
    expect(await all(sweepUniqueKeys)).toBe(0);
    await test.shiftClock(day);
    expect(await all(sweepUniqueKeys)).toBe(1);
    await purge(throttled);
    expect(await all(sweepUniqueKeys)).toBe(0);
    await purge(kept);
    expect(await all(sweepUniqueKeys)).toBe(1);
    const { rows } = await test.database.pool.query<{ job_id: string }>(
      'SELECT job_id FROM baton.unique_key WHERE tenant_id = $1',
      [test.tenant.tenantId],
    );
    expect(rows).toEqual([{ job_id: delayed }]);
  });

  it('that is taken while the sweep looks stays with its new job; one that is asked for is passed over', async () => {
    const { pool } = test.database;
    const first = await accept(unique('again', { states: ['queued', 'succeeded'], withinMs: 1 }));
    await worker.run();
    await purge(first);
    await test.shiftClock(2);
    const second = await accept();
    const { rows } = await pool.query<{ now: string }>(
      `SELECT pg_get_functiondef('baton.now()'::regprocedure) AS now`,
    );
    const holder = await pool.connect();
    try {
      await holder.query('BEGIN');
      await holder.query('SELECT FROM baton.unique_key WHERE tenant_id = $1 FOR UPDATE', [
        test.tenant.tenantId,
      ]);
      expect(await all(sweepUniqueKeys)).toBe(0);
      await holder.query('COMMIT');
      // The sweep has its snapshot, and stops at the clock.
      await holder.query('SELECT pg_advisory_lock(7)');
      await pool.query(`CREATE OR REPLACE FUNCTION baton.now() RETURNS timestamptz LANGUAGE plpgsql STABLE AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(7); RETURN now() + interval '1 day'; END $$`);
      const sweeping = sweepUniqueKeys(pool, 10);
      await blocked();
      await holder.query('UPDATE baton.unique_key SET job_id = $1 WHERE tenant_id = $2', [
        second,
        test.tenant.tenantId,
      ]);
      await holder.query('SELECT pg_advisory_unlock(7)');
      expect(await sweeping).toEqual({ swept: 0, next: undefined });
    } finally {
      holder.release();
      await pool.query(rows[0]!.now);
    }
  });

  async function blocked(): Promise<void> {
    for (;;) {
      const { rowCount } = await test.database.pool.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
      );
      if (rowCount === 1) return;
    }
  }
});
