import { channels, priorities } from '@baton/contracts';
import { createTestDatabase, seedTenant, type TestDatabase } from '../testing.js';
import { type MendedGates, mendGates } from './mend-gates.js';
import { pumpGates } from './pump-gates.js';
import { regateQueues } from './regate-queue.js';
import { LimitedQueue } from './limited-queue.fixture.js';

let test: TestDatabase;
let queue: LimitedQueue;

beforeAll(async () => {
  test = await createTestDatabase();
});
afterAll(() => test.close());
beforeEach(async () => {
  queue = new LimitedQueue(test, await seedTenant(test.database));
});
afterEach(async () => {
  await queue.acceptor.drain();
  for (const { key, running, holders } of await queue.gates())
    expect({ key, running }).toEqual({ key, running: holders });
});

/** Looks at the gates that are due; other tests' queues may have some too. */
async function pump() {
  const { released, more } = await pumpGates(test.database.pool, 100);
  return { released: released.filter((job) => job.queue === queue.tenant.queue), more };
}

const many = (n: number, fields: object = {}) => Array.from({ length: n }, () => fields);

describe('concurrency', () => {
  it('runs so many of a queue at once, the most urgent and oldest first, and hands each slot on', async () => {
    await queue.set({ concurrency_total: 2 });
    const ids = await queue.post([{}, {}, {}, { priority: priorities.high }]);
    expect(await queue.states()).toEqual({ queued: 2, 'held concurrency': 2 });
    const running = await queue.claim();
    expect(running.map((job) => job.jobId)).toEqual(ids.slice(0, 2));
    expect(running.every((job) => job.follows)).toBe(true);
    const { released } = await queue.settle(queue.say(running[0]!));
    expect(released).toEqual([{ jobId: ids[3], queue: queue.tenant.queue, mode: 'polling' }]);
    await queue.settle(queue.say(running[1]!), ...(await queue.claim()).map((job) => queue.say(job)));
    await queue.settle(...(await queue.claim()).map((job) => queue.say(job)));
    expect(await queue.gates()).toEqual([{ key: '', running: 0, holders: 0, due: false }]);
  });

  it('counts each key of each tenant by itself; the ordering key stands in for a key', async () => {
    await queue.set({ concurrency_per_key: 1 });
    const other = await seedTenant(test.database);
    const ids = await queue.post([
      { concurrencyKey: 'a' },
      { concurrencyKey: 'a' },
      { concurrencyKey: 'b' },
      { orderingKey: 'c' },
      {},
      {},
    ]);
    await queue.post([{ concurrencyKey: 'a' }], { ...other, queue: queue.tenant.queue });
    expect(await queue.states()).toEqual({ queued: 6, 'held concurrency': 1 });
    const running = await queue.claim();
    const first = running.find((job) => job.jobId === ids[0])!;
    const { released } = await queue.settle(queue.say(first));
    expect(released.map((job) => job.jobId)).toEqual([ids[1]]);
  });

  it('a job passes its key’s gate and then its queue’s', async () => {
    await queue.set({ concurrency_per_key: 1, concurrency_total: 2 });
    const ids = await queue.post([...'aabbcc'].map((concurrencyKey) => ({ concurrencyKey })));
    expect(await queue.states()).toEqual({ queued: 2, 'held concurrency': 4 });
    const ran: string[] = [];
    for (let jobs = await queue.claim(); jobs.length > 0; jobs = await queue.claim()) {
      expect(jobs.length).toBeLessThanOrEqual(2);
      ran.push(...jobs.map((job) => job.jobId));
      await queue.settle(...jobs.map((job) => queue.say(job)));
    }
    expect(ran.sort()).toEqual(ids.sort());
    expect((await queue.gates()).map(({ running }) => running)).toEqual([0, 0, 0, 0]);
  });

  it('a retry gives its slot back for its pause, and stands in line for another', async () => {
    await queue.set({ concurrency_total: 1 });
    const [first, second] = await queue.post(many(2));
    const { released } = await queue.settle(queue.say((await queue.claim())[0]!, 'failed'));
    expect(released.map((job) => job.jobId)).toEqual([second]);
    expect(await queue.states()).toEqual({ queued: 1, scheduled: 1 });
    await queue.settle(queue.say((await queue.claim())[0]!));
    expect((await queue.gates())[0]).toMatchObject({ running: 0 });
    expect(first).toBeDefined();
  });

  it('what is released again by rescue or a drain keeps its slot', async () => {
    await queue.set({ concurrency_total: 1 });
    const [first] = await queue.post(many(2));
    const { released } = await queue.settle(queue.say((await queue.claim())[0]!, 'released'));
    expect(released.map((job) => job.jobId)).toEqual([first]);
    expect((await queue.gates())[0]).toMatchObject({ running: 1 });
    const again = await queue.claim();
    expect(again).toMatchObject([{ jobId: first, attempt: 2 }]);
    await queue.settle(queue.say(again[0]!));
    expect(await queue.states()).toEqual({ queued: 1 });
  });

  it('a lane’s holder that a limit holds keeps the lane', async () => {
    await queue.set({ concurrency_total: 1 });
    const [free, first, second] = await queue.post([{}, { orderingKey: 'k' }, { orderingKey: 'k' }]);
    expect(await queue.states()).toEqual({ queued: 1, 'held concurrency': 1, 'held lane': 1 });
    const ran: string[] = [];
    for (let jobs = await queue.claim(); jobs.length > 0; jobs = await queue.claim()) {
      expect(jobs).toHaveLength(1);
      ran.push(jobs[0]!.jobId);
      await queue.settle(queue.say(jobs[0]!));
    }
    expect(ran).toEqual([free, first, second]);
  });
});

describe.each(['polling', 'event'])('priorities before a limit, in %s mode', (mode) => {
  it.each([
    ['its queue’s', { concurrency_total: 1 }],
    ['its key’s', { concurrency_per_key: 1 }],
    ['that of a fair queue', { concurrency_total: 1, fairness: 'tenant' }],
  ])(
    'a flood of high jobs starves no other: of 32 that %s gate lets through, one is low and one normal',
    async (_, limits) => {
      await queue.set({ ...limits, dispatch_mode: mode });
      const key = { concurrencyKey: 'k' };
      const high = { ...key, priority: priorities.high };
      const [low, normal] = await queue.post([{ ...key, priority: priorities.low }, key]);
      // The low one came first, and has gone through as nobody else stood there.
      const [late] = await queue.post([{ ...key, priority: priorities.low }]);
      await queue.postAll(many(40, high));
      const ran: string[] = [];
      for (let jobs = await queue.take(); jobs.length > 0; jobs = await queue.take()) {
        expect(jobs).toHaveLength(1);
        ran.push(jobs[0]!.jobId);
        await queue.settle(queue.say(jobs[0]!));
      }
      expect([ran[0], ran[15], ran[31]]).toEqual([low, late, normal]);
    },
  );
});

describe('races on one gate', () => {
  /** Holds the queue's gate as a transaction does that is about to commit. */
  async function holdGate() {
    const client = await test.database.pool.connect();
    await client.query('BEGIN');
    await client.query(`SELECT FROM baton.gate WHERE queue = $1 AND key = '' FOR UPDATE`, [
      queue.tenant.queue,
    ]);
    return async () => {
      await client.query('COMMIT');
      client.release();
    };
  }

  const waiting = async (n: number): Promise<void> => {
    for (;;) {
      const { rows } = await test.database.pool.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
      );
      if (rows[0]!.n >= n) return;
    }
  };

  it('accept and settle: a job that comes while the last slot is given back is not left', async () => {
    await queue.set({ concurrency_total: 1 });
    await queue.post([{}]);
    const [job] = await queue.claim();
    const letGo = await holdGate();
    const accepted = queue.post([{}]);
    await waiting(1);
    const settled = queue.settle(queue.say(job!));
    await waiting(2);
    await letGo();
    await Promise.all([accepted, settled]);
    expect(await queue.states()).toEqual({ queued: 1 });
    expect(await queue.gates()).toEqual([{ key: '', running: 1, holders: 1, due: false }]);
  });

  it('two settles: both slots are handed on', async () => {
    await queue.set({ concurrency_total: 2 });
    await queue.post(many(5));
    const [one, two] = await queue.claim();
    const letGo = await holdGate();
    const both = [queue.settle(queue.say(one!)), queue.settle(queue.say(two!))];
    await waiting(2);
    await letGo();
    await Promise.all(both);
    expect(await queue.states()).toEqual({ queued: 2, 'held concurrency': 1 });
  });

  it('a job whose row another has locked is passed over, and let through at the next look', async () => {
    await queue.set({ concurrency_total: 1 });
    const [, second] = await queue.post(many(2));
    const [job] = await queue.claim();
    const other = await test.database.pool.connect();
    await other.query('BEGIN');
    await other.query('SELECT FROM baton.job WHERE id = $1 FOR UPDATE', [second]);
    const { released, openGates } = await queue.settle(queue.say(job!));
    expect(released).toEqual([]);
    expect(openGates).toHaveLength(1);
    expect(await queue.gates()).toEqual([{ key: '', running: 0, holders: 0, due: true }]);
    await other.query('COMMIT');
    other.release();
    await test.shiftClock(1_000);
    expect((await pump()).released.map((each) => each.jobId)).toEqual([second]);
    expect(await queue.gates()).toEqual([{ key: '', running: 1, holders: 1, due: false }]);
  });

  it('a gate that was swept away while somebody waited for it is made again', async () => {
    await queue.set({ concurrency_total: 1 });
    await queue.post([{}]);
    await queue.settle(queue.say((await queue.claim())[0]!));
    const sweep = await test.database.pool.connect();
    await sweep.query('BEGIN');
    await sweep.query('DELETE FROM baton.gate WHERE queue = $1', [queue.tenant.queue]);
    const accepted = queue.post([{}]);
    await waiting(1);
    await sweep.query('COMMIT');
    sweep.release();
    await accepted;
    expect(await queue.states()).toEqual({ queued: 1 });
  });
});

describe('rate', () => {
  it('lets a burst go, then a job for each token; never more than one burst ahead of the workers', async () => {
    await queue.set({ rate_limit: 10, rate_per_ms: 1_000, rate_burst: 3 });
    await queue.post(many(20));
    expect(await queue.states()).toEqual({ queued: 3, 'held rate': 17 });
    expect(queue.wakes.some(([channel]) => channel === channels.gates)).toBe(true);
    await test.shiftClock(3_600_000);
    expect((await pump()).released).toEqual([]);
    expect(await queue.claim()).toHaveLength(3);
    await test.shiftClock(3_600_000);
    expect((await pump()).released).toHaveLength(3);
    await queue.claim();
    expect((await pump()).released).toEqual([]);
    await test.shiftClock(200);
    const { released } = await pump();
    expect(released.length).toBeGreaterThanOrEqual(2);
    expect(released.length).toBeLessThanOrEqual(3);
  });

  it('what ends lets the next go as far as tokens are there', async () => {
    await queue.set({ rate_limit: 1, rate_per_ms: 3_600_000, rate_burst: 2 });
    await queue.post(many(4));
    const jobs = await queue.claim();
    expect(jobs).toHaveLength(2);
    expect((await queue.settle(...jobs.map((job) => queue.say(job)))).released).toEqual([]);
    await test.shiftClock(3_600_000);
    expect((await pump()).released).toHaveLength(1);
  });

  it('gives each key a bucket of its own where the queue says so', async () => {
    await queue.set({ rate_limit: 1, rate_per_ms: 3_600_000, rate_per_key: true });
    await queue.post([...'aabbc'].map((concurrencyKey) => ({ concurrencyKey })));
    await queue.post(many(2));
    expect(await queue.states()).toEqual({ queued: 5, 'held rate': 2 });
    await queue.claim();
    await test.shiftClock(3_600_000);
    expect((await pump()).released).toHaveLength(2);
  });

  it('a lane keeps its order through a rate and a retry', async () => {
    await queue.set({ rate_limit: 1, rate_per_ms: 60_000 });
    const ids = await queue.post(many(3, { orderingKey: 'k' }));
    const ran: string[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const [job, ...more] = await queue.claim();
      expect(more).toEqual([]);
      ran.push(job!.jobId);
      await queue.settle(queue.say(job!));
      expect(await queue.claim()).toEqual([]);
      await test.shiftClock(60_000);
      await pump();
    }
    expect(ran).toEqual(ids);
  });
});

describe('a change of limits', () => {
  const change = async (settings: Record<string, unknown>): Promise<string[]> => {
    const jobs: string[] = [];
    await queue.set({ ...settings, regate: true });
    expect(
      await regateQueues(test.database.pool, (released) => jobs.push(...released.map((job) => job.jobId))),
    ).toBe(true);
    expect(await regateQueues(test.database.pool, () => undefined)).toBe(false);
    return jobs;
  };

  it('raised or removed, it holds nobody who was held before', async () => {
    await queue.set({ concurrency_total: 1 });
    await queue.postAll(many(700));
    expect(await change({ concurrency_total: 3 })).toHaveLength(2);
    await change({ concurrency_total: null });
    while ((await queue.states())['held concurrency']) await pump();
    expect(await queue.states()).toEqual({ queued: 700 });
  });

  it('lowered, it lets nobody through until enough have ended', async () => {
    await queue.set({ concurrency_total: 3 });
    await queue.post(many(5));
    const jobs = await queue.claim();
    expect(await change({ concurrency_total: 1 })).toEqual([]);
    expect((await queue.settle(queue.say(jobs[0]!), queue.say(jobs[1]!))).released).toEqual([]);
    expect((await queue.settle(queue.say(jobs[2]!))).released).toHaveLength(1);
  });

  it('from the queue to its keys: who stands before the queue’s gate goes to stand before its key’s', async () => {
    await queue.set({ concurrency_total: 1 });
    await queue.post([{}, ...[...'aab'].map((concurrencyKey) => ({ concurrencyKey }))]);
    expect(await change({ concurrency_total: null, concurrency_per_key: 1 })).toHaveLength(2);
    expect(await queue.states()).toEqual({ queued: 3, 'held concurrency': 1 });
  });

  it('from the keys to the queue, and back, while jobs run', async () => {
    await queue.set({ rate_limit: 1, rate_per_ms: 3_600_000, rate_per_key: true });
    await queue.post([...'aabb'].map((concurrencyKey) => ({ concurrencyKey })));
    expect(await queue.states()).toEqual({ queued: 2, 'held rate': 2 });
    const running = await queue.claim();
    expect(await change({ rate_per_key: false })).toHaveLength(1);
    // The other has passed its key's gate already.
    expect(await change({ rate_per_key: true })).toHaveLength(1);
    expect(await queue.states()).toEqual({ running: 2, queued: 2 });
    await queue.settle(...[...running, ...(await queue.claim())].map((job) => queue.say(job)));
  });

  it.each([
    ['succeeded', {}],
    ['failed', { maxAttempts: 1 }],
  ] as const)(
    'set after a lane was filled: who is next when one has %s passes its gate',
    async (kind, fields) => {
      const [first, second] = await queue.post(many(2, { orderingKey: 'lane', ...fields }));
      const [job] = await queue.claim();
      expect(job?.jobId).toBe(first);
      await queue.set({ concurrency_total: 1 });
      const { released } = await queue.settle(queue.say(job!, kind));
      expect(released.map(({ jobId }) => jobId)).toEqual([second]);
      expect(await queue.gates()).toEqual([{ key: '', running: 1, holders: 1, due: false }]);
    },
  );

  it('set for the queue while its keys’ slots are given back: who passes its key’s gate passes the queue’s too', async () => {
    await queue.set({ concurrency_per_key: 1 });
    const [, second] = await queue.post(many(2, { concurrencyKey: 'k' }));
    const [job] = await queue.claim();
    await queue.set({ concurrency_total: 1 });
    const { released } = await queue.settle(queue.say(job!));
    expect(released.map(({ jobId }) => jobId)).toEqual([second]);
  });

  it('a pause holds what is not released; its end lets all go', async () => {
    await queue.post(many(2));
    await change({ paused_at: new Date() });
    await queue.post(many(3));
    expect(await queue.states()).toEqual({ queued: 2, 'held paused': 3 });
    expect(await queue.claim()).toEqual([]);
    expect(await change({ paused_at: null })).toHaveLength(3);
    expect(await queue.claim()).toHaveLength(5);
  });
});

describe('fairness', () => {
  it('a fair queue’s slots go round the tenants', async () => {
    await queue.set({ concurrency_total: 2, fairness: 'tenant' });
    const [first, second, third] = [
      queue.tenant,
      await seedTenant(test.database),
      await seedTenant(test.database),
    ];
    await queue.post(many(8), first);
    await queue.post(many(2), second);
    await queue.post(many(2), third);
    const served: string[] = [];
    for (let jobs = await queue.claim(); jobs.length > 0; jobs = await queue.claim()) {
      served.push(...jobs.map((job) => job.tenantId));
      for (const job of jobs) await queue.settle(queue.say(job));
    }
    expect(served).toHaveLength(12);
    const own = (tenants: readonly string[]) => tenants.filter((tenant) => tenant === first.tenantId).length;
    expect(own(served.slice(2, 8))).toBeLessThanOrEqual(3);
  });

  it.each(['polling', 'event'])(
    'in %s mode a window is ahead of the workers, and the rest goes round the tenants',
    async (mode) => {
      await queue.set({ fairness: 'tenant', dispatch_mode: mode });
      const other = await seedTenant(test.database);
      await queue.postAll(many(1_300));
      await queue.post(many(10), other);
      while ((await queue.gates())[0]?.due && (await queue.states())['queued']! < 1_000) {
        await test.shiftClock(1_000);
        await pump();
      }
      expect(await queue.states()).toMatchObject({ queued: 1_000, 'held concurrency': 310 });
      await test.database.pool.query(
        `UPDATE baton.job SET state = 'running' WHERE id IN (SELECT id FROM baton.job WHERE queue = $1 AND state = 'queued' LIMIT 30)`,
        [queue.tenant.queue],
      );
      await test.shiftClock(3_000);
      const { released } = await pump();
      const { rows } = await test.database.pool.query<{ state: string }>(
        'SELECT DISTINCT state FROM baton.job WHERE queue = $1 AND tenant_id = $2',
        [queue.tenant.queue, other.tenantId],
      );
      expect(released).toHaveLength(30);
      expect(rows).toEqual([{ state: 'queued' }]);
    },
  );
});

describe('the slow sweep', () => {
  async function mend(): Promise<Omit<MendedGates, 'released'> & { released: string[] }> {
    const sum = { miscounted: 0, stranded: 0, released: [] as string[] };
    await mendGates(test.database.pool, ({ miscounted, stranded, released }) => {
      sum.miscounted += miscounted;
      sum.stranded += stranded;
      sum.released.push(...released.map((job) => job.jobId));
    });
    return sum;
  }
  const nothing = { miscounted: 0, stranded: 0, released: [] };

  it('finds nothing where all is well, and forgets idle gates', async () => {
    await queue.set({ concurrency_total: 1, concurrency_per_key: 1 });
    await queue.post([...'ab'].map((concurrencyKey) => ({ concurrencyKey })));
    expect(await mend()).toEqual(nothing);
    expect(await queue.gates()).toHaveLength(3);
    for (let jobs = await queue.claim(); jobs.length > 0; jobs = await queue.claim())
      await queue.settle(queue.say(jobs[0]!));
    expect(await mend()).toEqual(nothing);
    expect(await queue.gates()).toEqual([]);
  });

  it('keeps a gate whose bucket is not full', async () => {
    await queue.set({ rate_limit: 1, rate_per_ms: 3_600_000 });
    await queue.post([{}]);
    await queue.settle(queue.say((await queue.claim())[0]!));
    await mend();
    expect(await queue.gates()).toHaveLength(1);
    await test.shiftClock(3_600_000);
    await mend();
    expect(await queue.gates()).toEqual([]);
  });

  it('counts a gate anew that differs from the jobs that hold its slots', async () => {
    await queue.set({ concurrency_total: 2 });
    await queue.post(many(3));
    await test.database.pool.query('UPDATE baton.gate SET running = 7 WHERE queue = $1', [
      queue.tenant.queue,
    ]);
    expect(await mend()).toMatchObject({ miscounted: 1 });
    expect(await queue.gates()).toMatchObject([{ running: 2 }]);
  });

  it('lets go who stands before a gate with room, or before one that is gone', async () => {
    await queue.set({ concurrency_total: 1, concurrency_per_key: 2 });
    const ids = await queue.post(many(3, { concurrencyKey: 'a' }));
    await queue.set({ concurrency_per_key: 3 });
    await test.database.pool.query(`DELETE FROM baton.gate WHERE queue = $1 AND key <> ''`, [
      queue.tenant.queue,
    ]);
    await mend();
    expect(await queue.states()).toEqual({ queued: 1, 'held concurrency': 2 });
    await queue.set({ concurrency_total: 2 });
    expect(await mend()).toMatchObject({ stranded: 1, released: [ids[1]] });
  });
});
