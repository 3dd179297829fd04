import { randomUUID } from 'node:crypto';
import { handBack } from '../settle/hand-back.js';
import { settleBatch } from '../settle/settle-batch.js';
import type { Settlement } from '../settle/settlement.js';
import { claimJobs } from '../sql/claim-jobs.sql.js';
import type { ClaimedJob } from '../sql/claimed-job.js';
import { registerWorker } from '../sql/register-worker.sql.js';
import { useTestDatabase, seedJobs, seedTenant } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { cancelJobs, endRequested } from './cancel-jobs.js';

const test = useTestDatabase();
let workerId: string;

beforeEach(async () => {
  workerId = randomUUID();
  const { queue } = test.tenant;
  await registerWorker(test.database.pool, {
    id: workerId,
    source: 'polling',
    host: 'here',
    pid: 1,
    queues: [queue],
  });
});

const cancel = (ids: string[], reason?: string) =>
  inTransaction(test.database.pool, (tx) =>
    cancelJobs(tx, ids, { tenantId: test.tenant.tenantId, reason, wait: ids.length === 1 }),
  );

async function claim(slots = 1): Promise<ClaimedJob[]> {
  return claimJobs(test.database.pool, {
    workerId,
    queues: [test.tenant.queue],
    executionIds: Array.from({ length: slots }, () => randomUUID()),
    extendLease: true,
  });
}

function settle(job: ClaimedJob, kind: Settlement['kind'], more: Partial<Settlement> = {}) {
  const { jobId, attempt, executionId, tenantId, queue, claimedAtMs } = job;
  const orderingKey = job.orderingKey ?? undefined;
  const ids = { jobId, attempt, executionId, tenantId, queue, workerId, orderingKey };
  const said = { ...ids, kind, startedAtMs: claimedAtMs, finishedAtMs: claimedAtMs + 5, ...more };
  return settleBatch(test.database.pool, [said]);
}

async function row(id: string): Promise<Record<string, unknown>> {
  const { rows } = await test.database.pool.query<Record<string, unknown>>(
    `SELECT state, seq, attempt, error, cancel_reason, cancel_by FROM (
       SELECT id, state, seq, attempt, NULL AS error, cancel_reason, cancel_by FROM baton.job
       UNION ALL SELECT id, state, seq, attempt, error, cancel_reason, cancel_by FROM baton.job_history) j WHERE id = $1`,
    [id],
  );
  expect(rows).toHaveLength(1);
  return rows[0]!;
}

async function events(id: string): Promise<string[]> {
  const { rows } = await test.database.pool.query<{ type: string; seq: number; data: string | null }>(
    'SELECT type, seq, data FROM baton.job_event WHERE job_id = $1 ORDER BY seq',
    [id],
  );
  return rows.map(({ type, seq, data }) => `${seq} ${type} ${data ?? ''}`.trim());
}

const failure = { code: 'handler_error', message: 'no', retryable: true } as const;

it('what no worker can have is cancelled at once, and its waiters are told', async () => {
  const [queued] = await seedJobs(test.database, test.tenant, [{}]);
  const [scheduled] = await seedJobs(test.database, test.tenant, [{ delayMs: 60_000 }]);
  const report = await cancel([queued!, scheduled!], 'not wanted');
  expect(report.cancelled.map(({ jobId }) => jobId).sort()).toEqual([queued, scheduled].sort());
  expect(report.cancelled[0]).toMatchObject({
    state: 'cancelled',
    cursor: '0:3',
    executionId: null,
    error: { code: 'job_cancelled', message: 'not wanted' },
  });
  expect(report).toMatchObject({ requested: [], busy: [], missing: [] });
  for (const id of [queued!, scheduled!]) {
    expect(await row(id)).toMatchObject({
      state: 'cancelled',
      seq: 3,
      error: '{"code":"job_cancelled","message":"not wanted"}',
    });
  }
  expect(await claim()).toEqual([]);
});

it('what runs is asked to stop, once, with a grace and an event of its own', async () => {
  const [id] = await seedJobs(test.database, test.tenant, [{}]);
  await claim();
  expect(await cancel([id!], 'first')).toMatchObject({ cancelled: [], requested: [id] });
  const asked = await row(id!);
  expect(asked).toMatchObject({ state: 'running', seq: 4, cancel_reason: 'first' });
  expect(await cancel([id!], 'second')).toMatchObject({ requested: [id] });
  expect(await row(id!)).toEqual(asked);
  expect(await events(id!)).toEqual(['4 job.cancel-requested {"reason":"first"}']);
});

it('a job queued for Kafka is only asked: its record may be with a worker', async () => {
  test.tenant = await seedTenant(test.database, 'event');
  const [id] = await seedJobs(test.database, test.tenant, [{}]);
  expect(await cancel([id!])).toMatchObject({ cancelled: [], requested: [id] });
  expect(await row(id!)).toMatchObject({ state: 'queued' });
});

it('a foreign job and a terminal one are missing, and nothing happens to them', async () => {
  const [mine] = await seedJobs(test.database, test.tenant, [{}]);
  await cancel([mine!]);
  test.tenant = { ...test.tenant, tenantId: randomUUID() };
  expect(await cancel([mine!, randomUUID()])).toMatchObject({ cancelled: [], requested: [] });
  const [foreign] = await seedJobs(test.database, await seedTenant(test.database), [{}]);
  expect(await cancel([foreign!])).toMatchObject({ missing: [foreign] });
  expect(await row(foreign!)).toMatchObject({ state: 'queued' });
});

it('a holder that is cancelled lets its lane’s next go, and a waiting one leaves its place', async () => {
  const [holder, second, third] = await seedJobs(
    test.database,
    test.tenant,
    ['k', 'k', 'k'].map((orderingKey) => ({ orderingKey })),
  );
  await cancel([second!]);
  const report = await cancel([holder!]);
  expect(report.released.map(({ jobId }) => jobId)).toEqual([third]);
  await cancel([third!]);
  const { rows } = await test.database.pool.query('SELECT FROM baton.lane WHERE tenant_id = $1', [
    test.tenant.tenantId,
  ]);
  expect(rows).toHaveLength(0); // an idle lane is gone
});

it('leaves no lane behind for a job that was not due yet', async () => {
  const [id] = await seedJobs(test.database, test.tenant, [{ orderingKey: 'k', delayMs: 60_000 }]);
  await cancel([id!]);
  expect(await row(id!)).toMatchObject({ state: 'cancelled' });
  const { rows } = await test.database.pool.query('SELECT FROM baton.lane WHERE tenant_id = $1', [
    test.tenant.tenantId,
  ]);
  expect(rows).toHaveLength(0);
});

it('does not wait for lanes that others hold when it has many jobs', async () => {
  const [held, free] = await seedJobs(test.database, test.tenant, [
    { orderingKey: 'a' },
    { orderingKey: 'b' },
  ]);
  const other = await test.database.pool.connect();
  try {
    await other.query('BEGIN');
    await other.query(`SELECT FROM baton.lane WHERE ordering_key = 'a' AND tenant_id = $1 FOR UPDATE`, [
      test.tenant.tenantId,
    ]);
    const report = await cancel([held!, free!]);
    expect(report.busy).toEqual([held]);
    expect(report.cancelled.map(({ jobId }) => jobId)).toEqual([free]);
  } finally {
    await other.query('ROLLBACK');
    other.release();
  }
});

it('claim and cancel meet on the row: whichever comes first, the job is not both', async () => {
  const ids = await seedJobs(
    test.database,
    test.tenant,
    Array.from({ length: 40 }, () => ({})),
  );
  const [claimed, ...reports] = await Promise.all([claim(20), ...ids.map((id) => cancel([id]))]);
  const cancelled = reports.flatMap((report) => report.cancelled.map(({ jobId }) => jobId));
  const requested = reports.flatMap((report) => report.requested);
  expect(requested.sort()).toEqual(claimed.map(({ jobId }) => jobId).sort());
  expect(new Set([...cancelled, ...requested]).size).toBe(40);
});

describe('after a request', () => {
  async function requested(options: { orderingKey?: string } = {}): Promise<ClaimedJob> {
    const [id] = await seedJobs(test.database, test.tenant, [options]);
    const [job] = await claim();
    await cancel([id!], 'stop');
    return job!;
  }

  it('a handler that returns has won', async () => {
    const job = await requested();
    await settle(job, 'succeeded', { result: { kind: 'json', json: '1' } });
    expect(await row(job.jobId)).toMatchObject({ state: 'succeeded', seq: 5, cancel_reason: 'stop' });
  });

  it.each(['failed', 'snoozed', 'released'] as const)('%s ends the job', async (kind) => {
    const job = await requested({ orderingKey: 'k' });
    const [next] = await seedJobs(test.database, test.tenant, [{ orderingKey: 'k' }]);
    const report = await settle(job, kind, kind === 'failed' ? { error: failure } : { retryAtMs: 1 });
    expect(report.settled[0]).toMatchObject({ verdict: 'applied', state: 'cancelled' });
    expect(report.released.map(({ jobId }) => jobId)).toEqual([next]);
    expect(await row(job.jobId)).toMatchObject({
      state: 'cancelled',
      error: '{"code":"job_cancelled","message":"stop"}',
    });
  });

  it('what its lost worker ran is not run again, and ends at once', async () => {
    const job = await requested();
    const before = await row(job.jobId);
    const released = await inTransaction(test.database.pool, (tx) => handBack(tx, [job.jobId]));
    expect(released).toEqual([]);
    const after = await row(job.jobId);
    const byMs = (of: Record<string, unknown>) => (of['cancel_by'] as Date).getTime();
    expect(byMs(after)).toBeLessThan(byMs(before));
    expect(after).toMatchObject({ state: 'running', attempt: 1 });
  });

  it('the end of its grace ends it in its attempt, and only there; late words change nothing', async () => {
    const job = await requested();
    const end = (attempt: number) =>
      inTransaction(test.database.pool, (tx) =>
        endRequested(tx, [{ jobId: job.jobId, attempt, reason: 'stop' }]),
      );
    expect((await end(2)).cancelled).toEqual([]);
    expect((await end(1)).cancelled).toMatchObject([{ jobId: job.jobId, cursor: '0:5' }]);
    const ended = await row(job.jobId);
    await settle(job, 'succeeded', { result: { kind: 'json', json: '1' } });
    expect(await row(job.jobId)).toEqual(ended);
  });

  it('an unsent record’s job ends, one that runs by now does not', async () => {
    const job = await requested();
    const report = await inTransaction(test.database.pool, (tx) =>
      endRequested(tx, [{ jobId: job.jobId, attempt: 1, reason: null }], { queuedOnly: true }),
    );
    expect(report).toMatchObject({ cancelled: [], requested: [job.jobId] });
  });
});
