import { uuidv7 } from 'uuidv7';
import { acceptGroup } from '../accept/accept-group.js';
import type { JobAcceptor } from '../accept/job-acceptor.js';
import type { NewJob } from '../accept/new-job.js';
import { newJob, requestFor, testAcceptor } from '../accept/testing.js';
import { releaseDue } from '../relay/release-due.js';
import { settleBatch } from '../settle/settle-batch.js';
import type { Settlement } from '../settle/settlement.js';
import { settleOnce } from '../settle/settle-once.js';
import { fetchOutbox } from '../sql/fetch-outbox.sql.js';
import { findFollowUps } from '../sql/find-dependants.sql.js';
import { keptColumns } from '../sql/job-columns.js';
import { readParents } from '../sql/read-parents.sql.js';
import { createTestDatabase, type SeededTenant, seedTenant, type TestDatabase } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { storedJob, TestWorker } from './test-worker.fixture.js';
import { workOffFollowUps } from './work-off-follow-ups.js';

let test: TestDatabase;
let tenant: SeededTenant;
let worker: TestWorker;
let acceptor: JobAcceptor;
let wakes: [string, string][];

beforeAll(async () => {
  test = await createTestDatabase({ max: 20 });
});
afterAll(() => test.close());
beforeEach(async () => {
  tenant = await seedTenant(test.database);
  worker = await TestWorker.register(test, tenant);
  ({ acceptor, wakes } = testAcceptor(test.database.pool));
});
afterEach(async () => {
  await acceptor.drain();
  // A note that nobody works off would be one of the next test's.
  expect(await findFollowUps(test.database.pool, 10)).toEqual([]);
});

type Policy = 'cancel' | 'run' | 'hold';
const parent = (jobId: string, onFailure: Policy = 'cancel') => ({ jobId, onFailure });
const after = (...ids: string[]): Partial<NewJob> => ({ dependsOn: ids.map((id) => parent(id)) });

async function accept(fields: Partial<NewJob> = {}) {
  const { jobs } = await acceptor.accept(requestFor(tenant, fields));
  return jobs[0]!;
}

const job = (id: string) => storedJob(test, id);

/** As a replay does it. */
async function replay(id: string): Promise<void> {
  await test.database.pool.query(
    `WITH gone AS (DELETE FROM baton.job_history WHERE id = $1 RETURNING *)
     INSERT INTO baton.job (${keptColumns}, state, failures, seq)
     SELECT ${keptColumns}, 'scheduled', 0, seq + 1 FROM gone`,
    [id],
  );
  await test.database.pool.query('UPDATE baton.job SET run_at = baton.now(), generation = 1 WHERE id = $1', [
    id,
  ]);
  await releaseDue(test.database.pool, 10);
}

describe('a job that depends on others', () => {
  it('waits for them, and is released by the settle of the last', async () => {
    const [a, b] = [await accept(), await accept()];
    const child = await accept(after(a.id, b.id));
    expect(child).toMatchObject({ state: 'held', reason: 'parents', parents: 2, pendingParents: 2 });
    const [first, second] = await worker.outcomes();
    expect((await settleBatch(test.database.pool, [first!])).released).toEqual([]);
    expect(await job(child.id)).toMatchObject({ state: 'held', pending_parents: 1 });
    const { released } = await settleBatch(test.database.pool, [second!]);
    expect(released).toEqual([{ jobId: child.id, queue: tenant.queue, mode: 'polling' }]);
    expect(await job(child.id)).toMatchObject({ state: 'queued', pending_parents: 0 });
  });

  it('waits for none that has succeeded already', async () => {
    const a = await accept();
    await worker.run();
    expect(await accept(after(a.id))).toMatchObject({ state: 'queued', parents: 1, pendingParents: 0 });
  });

  it('is refused when it names an unknown job, or another tenant’s', async () => {
    const stranger = await seedTenant(test.database);
    const { jobs } = await acceptor.accept(requestFor(stranger));
    for (const id of [uuidv7(), jobs[0]!.id])
      await expect(accept(after(id))).rejects.toMatchObject({
        code: 'not_found',
        message: expect.stringContaining(id) as string,
      });
  });

  it('goes when its time has come too, whichever is later', async () => {
    const a = await accept();
    const [delayed, due] = [
      await accept({ ...after(a.id), delayMs: 60_000 }),
      await accept({ ...after(a.id), delayMs: 1 }),
    ];
    expect(delayed.state).toBe('scheduled');
    await test.shiftClock(10);
    await releaseDue(test.database.pool, 10);
    expect(await job(due.id)).toMatchObject({ state: 'held', reason: 'parents' });
    await worker.run();
    expect(await job(due.id)).toMatchObject({ state: 'queued' });
    expect(await job(delayed.id)).toMatchObject({ state: 'scheduled', pending_parents: 0 });
    await test.shiftClock(60_000);
    await releaseDue(test.database.pool, 10);
    expect(await job(delayed.id)).toMatchObject({ state: 'queued' });
  });

  it('takes its place in its lane when its parents are done', async () => {
    const a = await accept();
    const child = await accept({ ...after(a.id), orderingKey: 'k' });
    const [outcome] = await worker.outcomes();
    const later = await accept({ orderingKey: 'k' });
    expect([(await job(child.id)).reason, later.state]).toEqual(['parents', 'queued']);
    await settleBatch(test.database.pool, [outcome!]);
    expect(await job(child.id)).toMatchObject({ state: 'held', reason: 'lane' });
    expect((await worker.run()).released.map((r) => r.jobId)).toEqual([child.id]);
  });

  it('is told of by the timers where its lane is busy', async () => {
    const a = await accept();
    const child = await accept({ ...after(a.id), orderingKey: 'k' });
    const [outcome] = await worker.outcomes();
    const holder = await test.database.pool.connect();
    await holder.query('BEGIN');
    await holder.query(
      `INSERT INTO baton.lane (tenant_id, queue, ordering_key) VALUES ($1, $2, 'k')
       ON CONFLICT (tenant_id, queue, ordering_key) DO UPDATE SET next_place = 7`,
      [tenant.tenantId, tenant.queue],
    );
    await holder.query('COMMIT');
    await holder.query('BEGIN');
    await holder.query('SELECT FROM baton.lane WHERE tenant_id = $1 FOR UPDATE', [tenant.tenantId]);
    const report = await settleBatch(test.database.pool, [outcome!]);
    expect(report).toMatchObject({ released: [], earliestRetryMs: 0 });
    expect(await job(child.id)).toMatchObject({ state: 'scheduled' });
    await holder.query('ROLLBACK');
    holder.release();
    expect((await releaseDue(test.database.pool, 10)).released.map((r) => r.jobId)).toEqual([child.id]);
  });
});

describe('a parent that fails', () => {
  it('cancels its child, and the child’s children, with the reason; those who wait are told', async () => {
    const a = await accept();
    const b = await accept(after(a.id));
    const c = await accept(after(b.id));
    const { cascaded } = await worker.run('failed');
    expect(cascaded.map(({ jobId, state }) => [jobId, state])).toEqual([
      [b.id, 'cancelled'],
      [c.id, 'cancelled'],
    ]);
    const error = (await job(b.id)).error ?? '';
    expect(JSON.parse(error)).toMatchObject({
      code: 'parent_failed',
      message: expect.stringContaining(`${a.id}, on which this one depends, is dead`) as string,
    });
    expect((await job(c.id)).error).toContain(`${b.id}, on which this one depends, was cancelled`);
  });

  it('lets its child run, or holds it until its replay succeeds, where the child says so', async () => {
    const a = await accept();
    const runs = await accept({ dependsOn: [parent(a.id, 'run')] });
    const holds = await accept({ dependsOn: [parent(a.id, 'hold')] });
    expect((await worker.run('failed')).released.map((r) => r.jobId)).toEqual([runs.id]);
    expect(await job(holds.id)).toMatchObject({ state: 'held', reason: 'parents', pending_parents: 1 });
    await worker.run();
    await replay(a.id);
    expect((await worker.run()).released.map((r) => r.jobId)).toEqual([holds.id]);
  });

  it('acts so on a child that comes when it is dead already', async () => {
    const a = await accept();
    await worker.run('failed');
    const cancelled = await accept(after(a.id));
    const runs = await accept({ dependsOn: [parent(a.id, 'run')] });
    const holds = await accept({ dependsOn: [parent(a.id, 'hold')] });
    expect([cancelled.state, runs.state, holds.state]).toEqual(['held', 'queued', 'held']);
    expect(wakes).toContainEqual(['baton_follow_ups', a.id]);
    await workOffFollowUps(test.database.pool, [a.id], { slices: 5 });
    expect(await job(cancelled.id)).toMatchObject({ state: 'cancelled' });
    expect(await job(holds.id)).toMatchObject({ state: 'held' });
    // It was no parent when it died; its replay knows that it is one.
    await replay(a.id);
    await worker.run();
    expect(await job(holds.id)).toMatchObject({ state: 'queued' });
  });

  it('cancels nobody once it has been replayed', async () => {
    const a = await accept();
    const child = await accept(after(a.id));
    const outcomes = await worker.outcomes('failed');
    await inTransaction(test.database.pool, (tx) => settleOnce(tx, outcomes, () => 0.5));
    await replay(a.id);
    await workOffFollowUps(test.database.pool, [a.id], { slices: 5 });
    expect(await job(child.id)).toMatchObject({ state: 'held', pending_parents: 1 });
    await worker.run();
    expect(await job(child.id)).toMatchObject({ state: 'queued' });
  });
});

describe('races', () => {
  it('a child that is being accepted while its parent is settled is not stranded', async () => {
    const a = await accept();
    const [outcome] = await worker.outcomes();
    const child = newJob(tenant.queue, after(a.id));
    const [written, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const accepting = inTransaction(test.database.pool, async (tx) => {
      await acceptGroup(tx, [{ tenantId: tenant.tenantId, jobs: [child] }], { wait: false });
      written.resolve();
      await commit.promise;
    });
    await written.promise;
    // The worker was told that nothing follows from the end of this job.
    const settling = settleBatch(test.database.pool, [{ ...outcome!, follows: false }]);
    await blocked(1);
    commit.resolve();
    await accepting;
    expect((await settling).released.map((r) => r.jobId)).toEqual([child.id]);
    expect(await job(child.id)).toMatchObject({ state: 'queued', pending_parents: 0 });
  });

  it('a parent that is being settled while its child is accepted is seen to be done', async () => {
    const a = await accept();
    const [outcome] = await worker.outcomes();
    const [written, commit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const settling = inTransaction(test.database.pool, async (tx) => {
      await settleOnce(tx, [outcome!], () => 0.5);
      written.resolve();
      await commit.promise;
    });
    await written.promise;
    const accepting = accept(after(a.id));
    await blocked(1);
    commit.resolve();
    await settling;
    expect(await accepting).toMatchObject({ state: 'queued', pendingParents: 0 });
  });

  it('two parents settled at once: each is counted, and the child goes once', async () => {
    const parents = await Promise.all([accept(), accept(), accept(), accept()]);
    const child = await accept(after(...parents.map(({ id }) => id)));
    const outcomes = await worker.outcomes();
    const reports = await Promise.all(outcomes.map((outcome) => settleBatch(test.database.pool, [outcome])));
    expect(reports.flatMap(({ released }) => released.map((r) => r.jobId))).toEqual([child.id]);
  });

  it('fan-in into lanes, from parents in those lanes, settled at once, deadlocks nowhere', async () => {
    const keys = ['x', 'y', 'z'];
    const children: string[] = [];
    for (let round = 0; round < 4; round++) {
      const parents = await Promise.all(keys.map((orderingKey) => accept({ orderingKey })));
      const on = after(...parents.map(({ id }) => id));
      for (const key of keys) children.push((await accept({ ...on, orderingKey: key })).id);
      const before = await deadlocks();
      for (;;) {
        const outcomes = await worker.outcomes();
        if (outcomes.length === 0) break;
        await Promise.all(outcomes.map((outcome) => settled(outcome)));
      }
      expect(await deadlocks()).toBe(before);
      const left = await test.database.pool.query('SELECT FROM baton.job WHERE tenant_id = $1', [
        tenant.tenantId,
      ]);
      expect(left.rowCount).toBe(0);
    }
    for (const id of children) expect(await job(id)).toMatchObject({ state: 'succeeded' });
  });

  it('a crash between the parent’s commit and the telling loses nothing, and tells nothing twice', async () => {
    const [a, b] = [await accept(), await accept()];
    const child = await accept(after(a.id, b.id));
    const [first, second] = await worker.outcomes();
    await inTransaction(test.database.pool, (tx) => settleOnce(tx, [first!], () => 0.5));
    expect(await job(child.id)).toMatchObject({ state: 'held', pending_parents: 2 });
    const left = await findFollowUps(test.database.pool, 10);
    expect(left).toEqual([a.id]);
    // Three take it up, and each has found the child untold before the first of them tells it.
    const holder = await test.database.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM baton.job WHERE id = $1 FOR UPDATE', [child.id]);
    const telling = [1, 2, 3].map(() => workOffFollowUps(test.database.pool, left, { slices: 5 }));
    await blocked(3);
    await holder.query('ROLLBACK');
    holder.release();
    const reports = await Promise.all(telling);
    expect(reports.flatMap((report) => [report.fault, ...report.left]).filter(Boolean)).toEqual([]);
    expect(await job(child.id)).toMatchObject({ state: 'held', pending_parents: 1 });
    expect((await settleBatch(test.database.pool, [second!])).released).toHaveLength(1);
  });
});

describe('results of parents', () => {
  it('are told by id and name, as far as they fit, and say what is missing', async () => {
    const parents = ['a', 'b', 'c', 'd'].map((name) => ({ name, job: newJob(tenant.queue) }));
    const dependsOn = parents.map(({ name, job: { id } }) => ({ ...parent(id, 'run'), name }));
    const child = newJob(tenant.queue, { dependsOn });
    await acceptor.accept({ tenantId: tenant.tenantId, jobs: [...parents.map((p) => p.job), child] });
    const outcomes = new Map((await worker.outcomes()).map((outcome) => [outcome.jobId, outcome]));
    const of = (i: number) => outcomes.get(parents[i]!.job.id)!;
    const large = JSON.stringify('x'.repeat(200 * 1024));
    await settleBatch(test.database.pool, [
      { ...of(0), result: { kind: 'json', json: '{"n": 1.0, "zero": "\\u0000"}' } },
      {
        ...of(1),
        kind: 'failed',
        result: undefined,
        error: { code: 'handler_fatal', message: 'no', retryable: false },
      },
      { ...of(2), result: { kind: 'json', json: large } },
      { ...of(3), result: { kind: 'json', json: large } },
    ]);
    const told = JSON.parse((await readParents(test.database.pool, [child.id])).get(child.id)!) as unknown[];
    const id = (i: number) => parents[i]!.job.id;
    expect(told).toEqual([
      { id: id(0), name: 'a', state: 'succeeded', result: { n: 1, zero: '\0' } },
      { id: id(1), name: 'b', state: 'dead' },
      { id: id(2), name: 'c', state: 'succeeded', result: JSON.parse(large) as string },
      { id: id(3), name: 'd', state: 'succeeded', missing: 'too_large' },
    ]);
    await worker.run();
  });

  it('travel with the record', async () => {
    await test.database.pool.query(`UPDATE baton.queue SET dispatch_mode = 'event' WHERE name = $1`, [
      tenant.queue,
    ]);
    const a = await accept();
    const child = await accept(after(a.id));
    await settleBatch(test.database.pool, [await eventOutcome(a.id)]);
    const positions = Array.from({ length: 64 }, (_, shard) => ({
      shard,
      queue: tenant.queue,
      priority: 1,
      low: 0,
    }));
    const fetched = [...(await fetchOutbox(test.database.pool, positions)).values()].flatMap(
      ({ rows }) => rows,
    );
    const row = fetched.find(({ jobId }) => jobId === child.id);
    expect(JSON.parse(row!.job!.parents!)).toEqual([{ id: a.id, state: 'succeeded', result: 7 }]);
  });
});

describe('large graphs', () => {
  it('10,000 children of one parent: the settle tells some, the relay the rest, each once', async () => {
    const root = newJob(tenant.queue);
    const children = Array.from({ length: 10_000 }, () => newJob(tenant.queue, after(root.id)));
    await acceptor.accept({ tenantId: tenant.tenantId, jobs: [root, ...children] });
    const report = await worker.run();
    expect(report.released.length).toBe(2_000);
    expect(report.followUps).toEqual([root.id]);
    const rest = await workOffFollowUps(test.database.pool, report.followUps, { slices: 20 });
    expect(rest).toMatchObject({ left: [] });
    expect(new Set([...report.released, ...rest.released].map((r) => r.jobId)).size).toBe(10_000);
  });

  it('1,000 parents of one child', async () => {
    const parents = Array.from({ length: 1_000 }, () => newJob(tenant.queue));
    const child = newJob(tenant.queue, after(...parents.map(({ id }) => id)));
    await acceptor.accept({ tenantId: tenant.tenantId, jobs: [...parents, child] });
    expect((await worker.run()).released).toEqual([]);
    expect(await job(child.id)).toMatchObject({ state: 'held', pending_parents: 500 });
    expect((await worker.run()).released.map((r) => r.jobId)).toEqual([child.id]);
  });
});

async function eventOutcome(jobId: string): Promise<Settlement> {
  const { rows } = await test.database.pool.query<{ attempt: number }>(
    'SELECT attempt FROM baton.job WHERE id = $1',
    [jobId],
  );
  return {
    jobId,
    attempt: rows[0]!.attempt,
    executionId: uuidv7(),
    workerId: uuidv7(),
    tenantId: tenant.tenantId,
    queue: tenant.queue,
    orderingKey: undefined,
    kind: 'succeeded',
    startedAtMs: Date.now(),
    finishedAtMs: Date.now(),
    result: { kind: 'json', json: '7' },
  };
}

async function settled(outcome: Awaited<ReturnType<TestWorker['outcomes']>>[number]): Promise<void> {
  for (;;) {
    const report = await settleBatch(test.database.pool, [outcome]);
    if (report.settled[0]!.verdict !== 'busy') {
      // What found its lane busy is due: the timers give it its place.
      if (report.earliestRetryMs !== undefined)
        while ((await releaseDue(test.database.pool, 50)).busyLanes > 0);
      return;
    }
  }
}

/** Resolves when so many sessions wait for a lock. */
async function blocked(sessions: number): Promise<void> {
  for (;;) {
    const { rows } = await test.database.pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows[0]!.n >= sessions) return;
  }
}

async function deadlocks(): Promise<number> {
  const { rows } = await test.database.pool.query<{ n: number }>(
    'SELECT deadlocks::int AS n FROM pg_stat_database WHERE datname = current_database()',
  );
  return rows[0]!.n;
}
