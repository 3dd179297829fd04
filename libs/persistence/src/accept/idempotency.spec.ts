import { limits } from '@baton/contracts';
import { createTestDatabase, type SeededTenant, seedTenant, type TestDatabase } from '../testing.js';
import { inTransaction } from '../transaction/transaction.js';
import { acceptGroup } from './accept-group.js';
import type { JobAcceptor } from './job-acceptor.js';
import type { AcceptRequest } from './new-job.js';
import { keyed, newJob, requestFor, testAcceptor } from './testing.js';

let test: TestDatabase;
let tenant: SeededTenant;
let acceptor: JobAcceptor;

beforeAll(async () => {
  test = await createTestDatabase({ max: 20 });
});
afterAll(() => test.close());
beforeEach(async () => {
  tenant = await seedTenant(test.database);
  ({ acceptor } = testAcceptor(test.database.pool));
});
afterEach(() => acceptor.drain());

async function jobCount(): Promise<number> {
  const { rows } = await test.database.pool.query<{ n: number }>(
    'SELECT count(*)::int AS n FROM baton.job WHERE tenant_id = $1',
    [tenant.tenantId],
  );
  return rows[0]?.n ?? 0;
}

it('tells the first answer again for the same key and body, and refuses another body', async () => {
  const first = await acceptor.accept(keyed(requestFor(tenant, { payload: '1' }), 'k'));
  const again = await acceptor.accept(keyed(requestFor(tenant, { payload: '1' }), 'k'));
  expect(again).toEqual({ jobs: first.jobs, repeated: true, existing: new Set() });
  await expect(acceptor.accept(keyed(requestFor(tenant), 'k', 'other'))).rejects.toMatchObject({
    code: 'idempotency_mismatch',
  });
  expect(await jobCount()).toBe(1);
});

it('scopes keys by tenant and route', async () => {
  const other = await seedTenant(test.database);
  const request = keyed(requestFor(tenant), 'k');
  await acceptor.accept(request);
  await acceptor.accept(keyed(requestFor(other), 'k', 'other'));
  const elsewhere = {
    ...request,
    jobs: [newJob(tenant.queue)],
    idempotency: { ...request.idempotency!, route: 'elsewhere' },
  };
  expect((await acceptor.accept(elsewhere)).repeated).toBe(false);
  expect(await jobCount()).toBe(2);
});

it('tells a whole batch again', async () => {
  const batch = (): AcceptRequest => ({
    tenantId: tenant.tenantId,
    jobs: [1, 2, 3].map(() => newJob(tenant.queue)),
  });
  const first = await acceptor.accept(keyed(batch(), 'k'));
  const again = await acceptor.accept(keyed(batch(), 'k'));
  expect(again.jobs.map((job) => job.id)).toEqual(first.jobs.map((job) => job.id));
});

it('keeps only what was accepted', async () => {
  await expect(
    acceptor.accept(keyed(requestFor({ ...tenant, queue: 'nowhere' }), 'k')),
  ).rejects.toMatchObject({ code: 'unknown_queue' });
  expect((await acceptor.accept(keyed(requestFor(tenant), 'k', 'other'))).repeated).toBe(false);
});

it('forgets a key after its time', async () => {
  const first = await acceptor.accept(keyed(requestFor(tenant), 'k'));
  await test.shiftClock(limits.idempotencyMs + 1_000);
  const later = await acceptor.accept(keyed(requestFor(tenant), 'k', 'other'));
  await test.shiftClock(-limits.idempotencyMs - 1_000);
  expect(later.jobs[0]?.id).not.toBe(first.jobs[0]?.id);
});

it('answers the second of two equal keys in one group with 409, and makes one job', async () => {
  const answers = await Promise.allSettled(
    Array.from({ length: 10 }, () => acceptor.accept(keyed(requestFor(tenant), 'k'))),
  );
  expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
  for (const answer of answers.slice(1))
    expect(answer).toMatchObject({ reason: { code: 'idempotency_in_progress' } });
  expect(await jobCount()).toBe(1);
});

it('makes one job of equal keys in many processes at once', async () => {
  const others = Array.from({ length: 6 }, () => testAcceptor(test.database.pool).acceptor);
  for (let round = 0; round < 20; round++) {
    const answers = await Promise.allSettled(
      others.map((other) => other.accept(keyed(requestFor(tenant), `k${round}`))),
    );
    const ids = answers.flatMap((answer) =>
      answer.status === 'fulfilled' ? answer.value.jobs.map((job) => job.id) : [],
    );
    expect(new Set(ids).size).toBe(1);
    for (const answer of answers) {
      if (answer.status === 'rejected')
        expect(answer.reason).toMatchObject({ code: 'idempotency_in_progress' });
    }
    expect(await jobCount()).toBe(round + 1);
  }
});

it('answers 409 while another process is at work on the key, then its answer', async () => {
  const request = keyed(requestFor(tenant), 'k');
  const { acceptor: other } = testAcceptor(test.database.pool);
  await inTransaction(test.database.pool, async (tx) => {
    await acceptGroup(tx, [request], { wait: false });
    await expect(other.accept(keyed(requestFor(tenant), 'k'))).rejects.toMatchObject({
      code: 'idempotency_in_progress',
    });
  });
  const again = await other.accept(keyed(requestFor(tenant), 'k'));
  expect(again).toMatchObject({ repeated: true, jobs: [{ id: request.jobs[0]?.id }] });
});
