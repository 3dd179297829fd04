import { randomUUID } from 'node:crypto';
import { uuidv7 } from 'uuidv7';
import { cancelOperation, insertOperation, readOperation } from '../sql/operations.sql.js';
import { useTestDatabase, seedJobs, seedTenant } from '../testing.js';
import type { OperationFilter } from './operation-filter.js';
import type { OperationKind } from './operation.js';
import { workOperation } from './work-operation.js';

const test = useTestDatabase();
beforeEach(async () => {
  await query('DELETE FROM baton.operation');
});

const query = async (text: string, values: unknown[] = []) =>
  (await test.database.pool.query<Record<string, unknown>>(text, values)).rows;

async function begin(kind: OperationKind, filter: OperationFilter, ratePerSecond?: number): Promise<string> {
  const id = uuidv7();
  await insertOperation(test.database.pool, {
    id,
    tenantId: test.tenant.tenantId,
    kind,
    filter,
    ratePerSecond,
  });
  return id;
}

const read = (id: string) => readOperation(test.database.pool, test.tenant.tenantId, id);

async function finish(): Promise<number> {
  let slices = 0;
  for (
    let slice = await workOperation(test.database.pool);
    slice;
    slice = await workOperation(test.database.pool)
  )
    slices++;
  return slices;
}

const seed = (count: number, job: { orderingKey?: string } = {}) =>
  seedJobs(
    test.database,
    test.tenant,
    Array.from({ length: count }, () => job),
  );

/** Moves live jobs to history as dead. */
async function die(ids: string[], code = 'handler_error'): Promise<void> {
  await query(
    `WITH gone AS (DELETE FROM baton.job WHERE id = ANY ($1) RETURNING *)
     INSERT INTO baton.job_history (id, tenant_id, queue, state, priority, payload, attempt, failures, max_attempts,
       timeout_ms, seq, created_at, finished_at, execution_id, worker_id, started_at, error, lane_place, ordering_key)
     SELECT id, tenant_id, queue, 'dead', priority, payload, attempt, 3, max_attempts, timeout_ms, 5, created_at, baton.now(),
       gen_random_uuid(), gen_random_uuid(), baton.now(), $2, lane_place, ordering_key FROM gone`,
    [ids, JSON.stringify({ code, message: 'no' })],
  );
}

it('cancels what meets the filter, in slices, and nothing that was accepted later', async () => {
  const ids = await seed(1_100);
  const stranger = await seedTenant(test.database);
  const [foreign] = await seedJobs(test.database, stranger, [{}]);
  const id = await begin('cancel', { queue: test.tenant.queue });
  const [later] = await seed(1);
  expect(await finish()).toBe(3);
  expect(await read(id)).toMatchObject({ state: 'finished', done: ids.length, failed: 0, total: null });
  expect(await query('SELECT id FROM baton.job WHERE id = ANY ($1)', [[foreign, later]])).toHaveLength(2);
  expect(await query(`SELECT FROM baton.job WHERE id = ANY ($1)`, [ids])).toHaveLength(0);
});

it('goes on after a crash where it stopped, and does nothing twice', async () => {
  await seed(700);
  const id = await begin('cancel', { queue: test.tenant.queue });
  await workOperation(test.database.pool);
  expect(await read(id)).toMatchObject({ state: 'running', done: 500 });
  // A slice whose commit never came: its jobs and its progress are as before.
  const client = await test.database.pool.connect();
  await client.query('BEGIN');
  await client.query('SELECT FROM baton.operation WHERE id = $1 FOR UPDATE', [id]);
  expect(await workOperation(test.database.pool)).toBeUndefined(); // another is at it
  await client.query('ROLLBACK');
  client.release();
  await finish();
  expect(await read(id)).toMatchObject({ state: 'finished', done: 700 });
});

it('comes back to jobs whose lanes were busy', async () => {
  await seed(3, { orderingKey: 'busy' });
  await seed(2);
  const id = await begin('cancel', { queue: test.tenant.queue });
  const client = await test.database.pool.connect();
  await client.query('BEGIN');
  await client.query(`SELECT FROM baton.lane WHERE ordering_key = 'busy' AND tenant_id = $1 FOR UPDATE`, [
    test.tenant.tenantId,
  ]);
  await workOperation(test.database.pool);
  expect(await read(id)).toMatchObject({ state: 'running', done: 2 });
  await client.query('ROLLBACK');
  client.release();
  await test.shiftClock(1_000);
  await finish();
  expect(await read(id)).toMatchObject({ state: 'finished', done: 5 });
});

it('tells of ids that no live job has', async () => {
  const ids = [...(await seed(2)), randomUUID()];
  const id = await begin('cancel', { ids });
  await finish();
  expect(await read(id)).toMatchObject({ state: 'finished', done: 2, failed: 1, total: 3 });
});

it('can be stopped between two slices', async () => {
  await seed(600);
  const id = await begin('cancel', { queue: test.tenant.queue });
  await workOperation(test.database.pool);
  expect(await cancelOperation(test.database.pool, test.tenant.tenantId, id)).toMatchObject({
    state: 'cancelled',
  });
  expect(await finish()).toBe(0);
  expect(await read(id)).toMatchObject({ state: 'cancelled', done: 500 });
  expect(await cancelOperation(test.database.pool, test.tenant.tenantId, id)).toBeUndefined();
});

it('replays no faster than its rate, by the filter', async () => {
  const ids = await seed(10);
  await die(ids.slice(0, 7));
  await die(ids.slice(7), 'timeout');
  const id = await begin('replay', { queue: test.tenant.queue, code: 'handler_error' }, 4);
  let seconds = 0;
  for (; (await read(id))?.state === 'running' && seconds < 20; seconds++) {
    await finish();
    await test.shiftClock(1_000);
  }
  expect(await read(id)).toMatchObject({ state: 'finished', done: 7, failed: 0 });
  expect(seconds).toBeGreaterThanOrEqual(3); // two at once each half second
  const [{ count }] = (await query(
    `SELECT count(*)::int FROM baton.job WHERE id = ANY ($1) AND state = 'scheduled' AND generation = 1`,
    [ids],
  )) as [{ count: number }];
  expect(count).toBe(7);
});

it('comes back to dead jobs whose last events are still to be published', async () => {
  const ids = await seed(2);
  await die(ids);
  await query('INSERT INTO baton.event_cursor (job_id, generation) VALUES ($1, 0)', [ids[0]]);
  const id = await begin('replay', { ids });
  await workOperation(test.database.pool);
  expect(await read(id)).toMatchObject({ state: 'running', done: 1, failed: 0 });
  await query('DELETE FROM baton.event_cursor');
  await test.shiftClock(1_000);
  await finish();
  expect(await read(id)).toMatchObject({ state: 'finished', done: 2, failed: 0 });
});

it('purges dead jobs with all that is known of them, and no others', async () => {
  const ids = await seed(3);
  await die(ids.slice(0, 2));
  const id = await begin('purge', { queue: test.tenant.queue, ids });
  await finish();
  expect(await read(id)).toMatchObject({ state: 'finished', done: 2, failed: 1 });
  expect(await query('SELECT FROM baton.job_history WHERE id = ANY ($1)', [ids])).toHaveLength(0);
  expect(await query('SELECT FROM baton.job WHERE id = ANY ($1)', [ids])).toHaveLength(1);
});

it('fails when PostgreSQL refuses its slices for good, and lets others go on', async () => {
  await seed(1);
  const broken = await begin('cancel', { queue: test.tenant.queue, createdBefore: 'no time at all' });
  const [job] = await seed(1);
  const other = await begin('cancel', { ids: [job!] });
  await finish();
  expect(await read(broken)).toMatchObject({
    state: 'failed',
    error: expect.stringMatching(/no time at all/) as string,
  });
  expect(await read(other)).toMatchObject({ state: 'finished', done: 1 });
});
