import { createHash } from 'node:crypto';
import type { JobState, UniqueConflict } from '@baton/contracts';
import fc from 'fast-check';
import { storedJob, TestWorker } from '../flows/test-worker.fixture.js';
import { releaseDue } from '../relay/release-due.js';
import { createTestDatabase, type SeededTenant, seedTenant, type TestDatabase } from '../testing.js';
import type { JobAcceptor } from './job-acceptor.js';
import { LineAcceptor } from './line-acceptor.js';
import type { NewJob, UniqueRule } from './new-job.js';
import { keyed, newJob, requestFor, testAcceptor } from './testing.js';

const live: JobState[] = ['scheduled', 'held', 'queued', 'running'];

let test: TestDatabase;
let tenant: SeededTenant;
let worker: TestWorker;
let acceptor: JobAcceptor;
let other: JobAcceptor;
let wakes: [string, string][];

beforeAll(async () => {
  test = await createTestDatabase({ max: 20 });
});
afterAll(() => test.close());
beforeEach(async () => {
  tenant = await seedTenant(test.database);
  worker = await TestWorker.register(test, tenant);
  ({ acceptor, wakes } = testAcceptor(test.database.pool));
  ({ acceptor: other } = testAcceptor(test.database.pool));
});
afterEach(async () => {
  await acceptor.drain();
  await other.drain();
});

const hashOf = (key: string): Buffer => createHash('sha256').update(key).digest();
const unique = (onConflict: UniqueConflict, more: Partial<UniqueRule> & { key?: string } = {}) => {
  const { key = 'k', ...rule } = more;
  return { unique: { hash: hashOf(key), states: live, onConflict, ...rule } };
};

async function accept(fields: Partial<NewJob>, by = acceptor) {
  const { jobs, existing } = await by.accept(requestFor(tenant, fields));
  return { ...jobs[0]!, existing: existing.has(jobs[0]!.id) };
}

async function keys(): Promise<number> {
  const { rowCount } = await test.database.pool.query('SELECT FROM baton.unique_key WHERE tenant_id = $1', [
    tenant.tenantId,
  ]);
  return rowCount ?? 0;
}

describe('reject and existing', () => {
  it('refuses an equal job and names the one that is there, until that has ended', async () => {
    const first = await accept(unique('reject'));
    await expect(accept(unique('reject'))).rejects.toMatchObject({
      code: 'unique_conflict',
      message: expect.stringContaining(first.id) as string,
    });
    await accept(unique('reject', { key: 'another' }));
    await worker.run();
    expect(await keys()).toBe(0);
    expect(await accept(unique('reject'))).toMatchObject({ existing: false });
  });

  it('answers the job that is there', async () => {
    const first = await accept(unique('existing', {}));
    expect(await accept({ ...unique('existing'), payload: '2' })).toMatchObject({
      id: first.id,
      existing: true,
      payload: 'null',
    });
  });

  it('keeps tenants and queues apart', async () => {
    const stranger = await seedTenant(test.database);
    await accept(unique('reject'));
    const { jobs } = await acceptor.accept(requestFor(stranger, unique('reject')));
    expect(jobs).toHaveLength(1);
  });

  it('is in the way only in the states that the new one names', async () => {
    const first = await accept(unique('existing'));
    expect(await accept(unique('existing', { states: ['scheduled', 'held'] }))).toMatchObject({
      existing: false,
    });
    await worker.run();
    const done = unique('existing', { states: [...live, 'succeeded'], key: 'once' });
    const once = await accept(done);
    await worker.run();
    expect(await accept(done)).toMatchObject({ id: once.id, existing: true, state: 'succeeded' });
    expect(first.id).not.toBe(once.id);
  });

  it('is in the way only within the window', async () => {
    const rule = unique('existing', { withinMs: 60_000 });
    const first = await accept({ ...rule, delayMs: 600_000 });
    expect(await accept(rule)).toMatchObject({ id: first.id, existing: true });
    await test.shiftClock(60_000);
    expect(await accept(rule)).toMatchObject({ existing: false });
  });

  it('repeats its answer for an idempotency key', async () => {
    const first = await accept(unique('existing'));
    const request = requestFor(tenant, unique('existing'));
    await acceptor.accept(keyed(request, 'i'));
    await worker.run();
    const again = await acceptor.accept(keyed(request, 'i'));
    expect([again.repeated, again.jobs[0]?.id]).toEqual([true, first.id]);
  });
});

describe('replace', () => {
  it('gives the waiting job the new payload, settings and time', async () => {
    const first = await accept({ ...unique('replace'), payload: '1', delayMs: 60_000 });
    const second = await accept({
      ...unique('replace'),
      payload: '2',
      delayMs: 1,
      maxAttempts: 2,
      priority: 0,
    });
    expect(second).toMatchObject({ id: first.id, existing: true, payload: '2', maxAttempts: 2, priority: 0 });
    expect(wakes.at(-1)).toEqual(['baton_timers', String(second.runAtMs)]);
    await test.shiftClock(10);
    await releaseDue(test.database.pool, 10);
    expect(await storedJob(test, first.id)).toMatchObject({ state: 'queued', payload: '2' });
  });

  it('of a line of a stream, too, wakes the timers for the new time', async () => {
    const first = await accept({ ...unique('replace'), delayMs: 60_000 });
    const lines = new LineAcceptor(test.database.pool, {
      wake: (channel, item) => void wakes.push([channel, item]),
      log: (message, cause) => {
        throw new Error(message, { cause });
      },
    });
    const job = newJob(tenant.queue, { ...unique('replace'), delayMs: 1 });
    await lines.accept({ tenantId: tenant.tenantId, lines: [{ job }] });
    const { rows } = await test.database.pool.query<{ run_at: Date }>(
      'SELECT run_at FROM baton.job WHERE id = $1',
      [first.id],
    );
    expect(wakes.at(-1)).toEqual(['baton_timers', String(rows[0]!.run_at.getTime())]);
  });

  it('leaves a held job its place', async () => {
    await accept({ orderingKey: 'o' });
    const held = await accept({ ...unique('replace'), orderingKey: 'o', payload: '1' });
    const third = await accept({ orderingKey: 'o' });
    const again = await accept({ ...unique('replace'), orderingKey: 'o', payload: '2' });
    expect(again).toMatchObject({ id: held.id, state: 'held', reason: 'lane', payload: '2' });
    const order = [(await worker.run()).released, (await worker.run()).released];
    expect(order.flat().map((r) => r.jobId)).toEqual([held.id, third.id]);
  });

  it('is refused once the job is released', async () => {
    await accept(unique('replace'));
    await expect(accept(unique('replace'))).rejects.toMatchObject({ code: 'unique_conflict' });
  });
});

describe('debounce and throttle', () => {
  const debounce = unique('debounce', { states: ['scheduled', 'held'], withinMs: 1_000 });

  it('debounce: pushes the waiting job back, with the newest payload; what has gone is followed by a new one', async () => {
    const first = await accept({ ...debounce, delayMs: 1_000, payload: '1' });
    await test.shiftClock(900);
    const second = await accept({ ...debounce, delayMs: 1_000, payload: '2' });
    expect(second).toMatchObject({ id: first.id, existing: true, payload: '2' });
    await test.shiftClock(900);
    await releaseDue(test.database.pool, 10);
    expect(await storedJob(test, first.id)).toMatchObject({ state: 'scheduled' });
    await test.shiftClock(200);
    await releaseDue(test.database.pool, 10);
    expect(await storedJob(test, first.id)).toMatchObject({ state: 'queued', payload: '2' });
    expect(await accept({ ...debounce, delayMs: 1_000 })).toMatchObject({ existing: false });
  });

  it('throttle: one in each window, whatever became of it', async () => {
    const throttle = unique('throttle', {
      states: [...live, 'succeeded', 'dead', 'cancelled'],
      withinMs: 1_000,
    });
    const first = await accept(throttle);
    await worker.run();
    expect(await accept(throttle)).toMatchObject({ id: first.id, existing: true, state: 'succeeded' });
    await test.shiftClock(1_000);
    expect(await accept(throttle)).toMatchObject({ existing: false });
  });
});

describe('many at once', () => {
  it('50 equal jobs over two producers: exactly one is there', async () => {
    for (const onConflict of ['existing', 'reject', 'replace'] as const) {
      const rule = { ...unique(onConflict, { key: onConflict }), delayMs: 60_000 };
      const answers = await Promise.allSettled(
        Array.from({ length: 50 }, (_, i) => accept(rule, i % 2 === 0 ? acceptor : other)),
      );
      const made = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []));
      expect(made.filter(({ existing }) => !existing)).toHaveLength(1);
      expect(new Set(made.map(({ id }) => id)).size).toBe(1);
      expect(made).toHaveLength(onConflict === 'reject' ? 1 : 50);
    }
    const { rowCount } = await test.database.pool.query('SELECT FROM baton.job WHERE tenant_id = $1', [
      tenant.tenantId,
    ]);
    expect(rowCount).toBe(3);
  });

  it('equal jobs while others end: never two of them live', async () => {
    let live = 0;
    for (let round = 0; round < 10; round++) {
      const accepting = Array.from({ length: 8 }, (_, i) =>
        accept(unique('existing'), i % 2 === 0 ? acceptor : other),
      );
      await Promise.all([...accepting, worker.run()]);
      const { rowCount } = await test.database.pool.query('SELECT FROM baton.job WHERE tenant_id = $1', [
        tenant.tenantId,
      ]);
      live = Math.max(live, rowCount ?? 0);
    }
    expect(live).toBe(1);
  });

  it('whatever is submitted together, in whatever order: one job of each key', async () => {
    const submits = fc.array(
      fc.record({
        keys: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
        second: fc.boolean(),
      }),
      { minLength: 2, maxLength: 12 },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(submits, async (requests) => {
        const name = `run-${run++}`;
        const jobsOf = (wanted: readonly number[]): NewJob[] =>
          wanted.map((key) =>
            newJob(tenant.queue, { ...unique('existing', { key: `${name}/${key}` }), payload: String(key) }),
          );
        const answers = await Promise.all(
          requests.map(async ({ keys: wanted, second }) => {
            const request = { tenantId: tenant.tenantId, jobs: jobsOf(wanted) };
            return { wanted, jobs: (await (second ? other : acceptor).accept(request)).jobs };
          }),
        );
        const idOf = new Map<number, string>();
        for (const { wanted, jobs } of answers) {
          expect(jobs.map((job) => Number(job.payload))).toEqual(wanted);
          wanted.forEach((key, i) => expect(idOf.get(key) ?? jobs[i]!.id).toBe(jobs[i]!.id));
          wanted.forEach((key, i) => idOf.set(key, jobs[i]!.id));
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('in one request', () => {
  it('the second of two equal jobs is the first, or takes its place, or the request is refused', async () => {
    const batch = (onConflict: UniqueConflict) => ({
      tenantId: tenant.tenantId,
      jobs: ['1', '2'].map((payload) =>
        newJob(tenant.queue, { ...unique(onConflict, { key: onConflict }), payload }),
      ),
    });
    const existing = await acceptor.accept(batch('existing'));
    expect(existing.jobs.map((job) => job.payload)).toEqual(['1', '1']);
    const replaced = await acceptor.accept(batch('replace'));
    expect(new Set(replaced.jobs.map((job) => `${job.id} ${job.payload}`)).size).toBe(1);
    expect(replaced.jobs[0]).toMatchObject({ payload: '2' });
    await expect(acceptor.accept(batch('reject'))).rejects.toMatchObject({ code: 'unique_conflict' });
  });

  it('a job of a flow may be one that is there: the others wait for that', async () => {
    const there = await accept(unique('existing'));
    const parent = newJob(tenant.queue, unique('existing'));
    const child = newJob(tenant.queue, { dependsOn: [{ jobId: parent.id, onFailure: 'cancel' }] });
    const { jobs } = await acceptor.accept({ tenantId: tenant.tenantId, jobs: [parent, child] });
    expect(jobs.map((job) => job.id)).toEqual([there.id, child.id]);
    expect((await worker.run()).released.map((r) => r.jobId)).toEqual([child.id]);
  });
});
