import { channels } from '@baton/contracts';
import { laneId } from '../sql/lane-key.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { createTestDatabase, type SeededTenant, seedTenant, type TestDatabase } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import type { JobAcceptor } from './job-acceptor.js';
import { newJob, requestFor, testAcceptor } from './testing.js';

let test: TestDatabase;
let tenant: SeededTenant;
let acceptor: JobAcceptor;
let wakes: [string, string][];

beforeAll(async () => {
  test = await createTestDatabase({ max: 20 });
});
afterAll(() => test.close());
beforeEach(async () => {
  tenant = await seedTenant(test.database);
  ({ acceptor, wakes } = testAcceptor(test.database.pool));
});
afterEach(() => acceptor.drain());

async function rows(): Promise<Record<string, unknown>[]> {
  const { rows: found } = await test.database.pool.query<Record<string, unknown>>(
    'SELECT *, xmin::text AS tx FROM baton.job WHERE tenant_id = $1 ORDER BY id',
    [tenant.tenantId],
  );
  return found;
}

/** Holds a lane's lock until it is let go. */
async function holdLane(orderingKey: string): Promise<() => Promise<void>> {
  const held = Promise.withResolvers<void>();
  const letGo = Promise.withResolvers<void>();
  const done = inTransaction(test.database.pool, async (tx) => {
    await lockLanes(tx, [{ ...tenant, orderingKey }], { create: true });
    held.resolve();
    await letGo.promise;
  });
  await held.promise;
  return () => {
    letGo.resolve();
    return done;
  };
}

describe('one job', () => {
  it('is released with the queue’s defaults, and its workers are woken', async () => {
    const { jobs } = await acceptor.accept(requestFor(tenant, { payload: '{"n":1}', metadata: { a: 'b' } }));
    expect(jobs[0]).toMatchObject({
      state: 'queued',
      mode: 'polling',
      attempt: 1,
      maxAttempts: 5,
      seq: 2,
      generation: 0,
    });
    const [row] = await rows();
    expect(row).toMatchObject({
      state: 'queued',
      mode: 'polling',
      attempt: 1,
      max_attempts: 5,
      timeout_ms: 300_000,
      seq: 2,
      queued_seq: 2,
      payload: '{"n":1}',
      metadata: { a: 'b' },
      outbox_id: null,
      run_at: null,
    });
    expect(row?.queued_at).toEqual(row?.created_at);
    expect(wakes).toEqual([[channels.jobs, tenant.queue]]);
  });

  it('of an event queue has its outbox row in the same transaction', async () => {
    tenant = await seedTenant(test.database, 'event');
    const { jobs } = await acceptor.accept(requestFor(tenant, { priority: 0 }));
    const { rows: outbox } = await test.database.pool.query<Record<string, unknown>>(
      `SELECT o.*, o.xmin::text = j.xmin::text AS together, j.outbox_id FROM baton.outbox o JOIN baton.job j ON j.id = o.job_id
       WHERE o.queue = $1`,
      [tenant.queue],
    );
    expect(outbox).toHaveLength(1);
    expect(outbox[0]).toMatchObject({ job_id: jobs[0]?.id, attempt: 1, priority: 0, together: true });
    expect(outbox[0]?.outbox_id).toBe(outbox[0]?.id);
    expect(wakes).toEqual([[channels.outbox, tenant.queue]]);
  });

  it('that is not due is scheduled by the database’s clock, and the timers are told when it is', async () => {
    const delayed = await acceptor.accept(requestFor(tenant, { delayMs: 60_000 }));
    const job = delayed.jobs[0]!;
    expect(job).toMatchObject({ state: 'scheduled', attempt: 0, mode: null });
    expect(job.runAtMs).toBe(job.createdAtMs + 60_000);
    expect(wakes).toEqual([[channels.timers, String(job.runAtMs)]]);

    const runAtMs = job.createdAtMs + 1_000;
    expect((await acceptor.accept(requestFor(tenant, { runAtMs }))).jobs[0]?.state).toBe('scheduled');
    await test.shiftClock(2_000);
    expect((await acceptor.accept(requestFor(tenant, { runAtMs }))).jobs[0]?.state).toBe('queued');
    await test.shiftClock(-2_000);
  });

  it('of an unknown queue is refused, and only it', async () => {
    const stranger = requestFor({ ...tenant, queue: 'nowhere' });
    const mixed = { tenantId: tenant.tenantId, jobs: [newJob(tenant.queue), newJob('nowhere')] };
    const requests = [requestFor(tenant), requestFor(tenant), stranger, mixed, requestFor(tenant)];
    const answers = await Promise.allSettled(requests.map((request) => acceptor.accept(request)));
    expect(answers.map((answer) => answer.status)).toEqual([
      'fulfilled',
      'fulfilled',
      'rejected',
      'rejected',
      'fulfilled',
    ]);
    expect(answers[2]).toMatchObject({ reason: { code: 'unknown_queue' } });
    expect(await rows()).toHaveLength(3);
  });
});

describe('a group', () => {
  it('shares one commit; a lone request waits for nobody', async () => {
    const requests = Array.from({ length: 200 }, () => requestFor(tenant));
    const accepted = await Promise.all(requests.map((request) => acceptor.accept(request)));
    expect(accepted.map(({ jobs }) => jobs[0]?.id)).toEqual(requests.map(({ jobs }) => jobs[0]?.id));
    const transactions = new Set((await rows()).map((row) => row.tx));
    // The first two find the process idle; the others share what follows.
    expect(transactions.size).toBeLessThanOrEqual(4);
  });

  it('keeps each job’s own trace', async () => {
    const requests = Array.from({ length: 20 }, (_, i) => {
      const traceparent = `00-${String(i + 1).padStart(32, '0')}-00000000000000a1-01`;
      return requestFor(tenant, {
        trace: { traceparent, tracestate: `v=${i}`, baggage: `tenant=${i}` },
        payload: String(i),
      });
    });
    await Promise.all(requests.map((request) => acceptor.accept(request)));
    for (const row of await rows()) {
      const i = Number(row.payload);
      expect(row).toMatchObject({
        traceparent: `00-${String(i + 1).padStart(32, '0')}-00000000000000a1-01`,
        tracestate: `v=${i}`,
        baggage: `tenant=${i}`,
      });
    }
  });

  it('is written without the job that PostgreSQL cannot store', async () => {
    const failures: string[] = [];
    const { acceptor: own } = testAcceptor(test.database.pool, (message) => failures.push(message));
    const requests = Array.from({ length: 30 }, (_, i) =>
      requestFor(tenant, i === 17 ? { metadata: { a: '\u0000' } } : {}),
    );
    const answers = await Promise.allSettled(requests.map((request) => own.accept(request)));
    expect(answers.filter((answer) => answer.status === 'rejected')).toHaveLength(1);
    expect(answers[17]).toMatchObject({ reason: { code: 'invalid_request' } });
    expect(await rows()).toHaveLength(29);
    expect(failures).toHaveLength(1);
  });

  it('never splits a batch: one bad job refuses all of its request', async () => {
    const { acceptor: own } = testAcceptor(test.database.pool, () => undefined);
    const batch = {
      tenantId: tenant.tenantId,
      jobs: [newJob(tenant.queue), newJob(tenant.queue, { payload: '\u0000' })],
    };
    const answers = await Promise.allSettled([own.accept(batch), own.accept(requestFor(tenant))]);
    expect(answers.map((answer) => answer.status)).toEqual(['rejected', 'fulfilled']);
    expect(await rows()).toHaveLength(1);
  });

  it('takes a batch of 10,000 in one transaction', async () => {
    const jobs = Array.from({ length: 10_000 }, (_, i) => newJob(tenant.queue, { payload: String(i) }));
    const accepted = await acceptor.accept({ tenantId: tenant.tenantId, jobs });
    expect(accepted.jobs.map((job) => job.id)).toEqual(jobs.map((job) => job.id));
    expect(new Set((await rows()).map((row) => row.tx)).size).toBe(1);
  });
});

describe('lanes', () => {
  it('release their first job; the others keep their places in the order of acceptance', async () => {
    const batch = {
      tenantId: tenant.tenantId,
      jobs: ['a', 'b', 'a'].map((key) => newJob(tenant.queue, { orderingKey: key })),
    };
    const first = await acceptor.accept(batch);
    expect(first.jobs.map(({ state, reason }) => [state, reason])).toEqual([
      ['queued', null],
      ['queued', null],
      ['held', 'lane'],
    ]);
    expect(first.jobs[0]).toMatchObject({ attempt: 1, seq: 3, mode: 'polling' });
    const second = await acceptor.accept(requestFor(tenant, { orderingKey: 'a' }));
    const places = (await rows())
      .filter((row) => row.ordering_key === 'a')
      .map((row) => [row.id, row.lane_place]);
    expect(places).toEqual([
      [batch.jobs[0]?.id, 1],
      [batch.jobs[2]?.id, 2],
      [second.jobs[0]?.id, 3],
    ]);
    expect(wakes).toEqual([
      [channels.jobs, tenant.queue],
      [channels.jobs, tenant.queue],
    ]);
  });

  it('are entered by a delayed job only when it is due', async () => {
    const { jobs } = await acceptor.accept(requestFor(tenant, { orderingKey: 'later', delayMs: 1_000 }));
    expect(jobs[0]?.state).toBe('scheduled');
    const past = await acceptor.accept(
      requestFor(tenant, { orderingKey: 'later', runAtMs: jobs[0]!.createdAtMs - 1_000 }),
    );
    expect(past.jobs[0]?.state).toBe('queued');
    const lanes = await test.database.pool.query('SELECT FROM baton.lane WHERE tenant_id = $1', [
      tenant.tenantId,
    ]);
    expect(lanes.rowCount).toBe(1);
  });

  it('let a job that came due pass nobody: it takes its place before a newer one', async () => {
    const holder = await acceptor.accept(requestFor(tenant, { orderingKey: 'k' }));
    const delayed = await acceptor.accept(requestFor(tenant, { orderingKey: 'k', delayMs: 1_000 }));
    await test.shiftClock(5_000);
    const newer = await acceptor.accept(requestFor(tenant, { orderingKey: 'k' }));
    await test.shiftClock(-5_000);
    const inTurn = (await rows())
      .toSorted((a, b) => Number(a.lane_place) - Number(b.lane_place))
      .map((row) => row.id);
    expect(inTurn).toEqual([holder, delayed, newer].map(({ jobs }) => jobs[0]?.id));
  });

  it('that are busy hold up nobody else', async () => {
    const letGo = await holdLane('busy');
    let answered = false;
    const blocked = acceptor
      .accept(requestFor(tenant, { orderingKey: 'busy' }))
      .finally(() => (answered = true));
    const both = {
      tenantId: tenant.tenantId,
      jobs: ['free', 'busy'].map((orderingKey) => newJob(tenant.queue, { orderingKey })),
    };
    const blockedToo = acceptor.accept(both);
    const others = Array.from({ length: 50 }, (_, i) =>
      requestFor(tenant, i % 2 ? { orderingKey: 'free' } : {}),
    );
    await Promise.all(others.map((request) => acceptor.accept(request)));
    expect(answered).toBe(false);
    await letGo();
    await Promise.all([blocked, blockedToo]);
    expect(await rows()).toHaveLength(53);
  });

  it('crossed by two processes do not deadlock, and none is left behind', async () => {
    const { acceptor: other } = testAcceptor(test.database.pool);
    const keys = Array.from({ length: 12 }, (_, i) => `k${i}`);
    const batch = (reversed: boolean) => ({
      tenantId: tenant.tenantId,
      jobs: (reversed ? keys.toReversed() : keys).map((orderingKey) => newJob(tenant.queue, { orderingKey })),
    });
    await Promise.all(
      Array.from({ length: 40 }, (_, i) => (i % 2 ? other : acceptor).accept(batch(i % 2 === 0))),
    );
    const all = await rows();
    expect(all).toHaveLength(480);
    const places = new Set(
      all.map(
        (row) => `${laneId({ ...tenant, orderingKey: String(row.ordering_key) })} ${String(row.lane_place)}`,
      ),
    );
    expect(places.size).toBe(480);
    expect(all.filter((row) => row.state === 'queued')).toHaveLength(12);
  });

  it('that are busy without end make a request wait for the lock, not for luck', async () => {
    // Whoever holds the lane hands it to the next who waits: those who only try it never find it free.
    let stop = false;
    let letGo = await holdLane('hot');
    const accepted = acceptor.accept(requestFor(tenant, { orderingKey: 'hot' })).finally(() => (stop = true));
    for (let turns = 0; !stop && turns < 200; turns++) {
      const next = holdLaneWaiting('hot');
      await waitsForLane();
      await letGo();
      letGo = await next;
    }
    expect(stop).toBe(true);
    await letGo();
    await accepted;
    expect(await rows()).toHaveLength(1);
  });
});

/** Like holdLane, but queues for the row's lock. */
async function holdLaneWaiting(orderingKey: string): Promise<() => Promise<void>> {
  const client = await test.database.pool.connect();
  await client.query('BEGIN');
  await client.query(
    `INSERT INTO baton.lane (tenant_id, queue, ordering_key) VALUES ($1, $2, $3)
     ON CONFLICT (tenant_id, queue, ordering_key) DO UPDATE SET next_place = lane.next_place`,
    [tenant.tenantId, tenant.queue, orderingKey],
  );
  return async () => {
    await client.query('COMMIT');
    client.release();
  };
}

/** Resolves when somebody waits for a lane's lock. */
async function waitsForLane(): Promise<void> {
  const waiting = `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`;
  while ((await test.database.pool.query(waiting)).rowCount === 0) continue;
}
