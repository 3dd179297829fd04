import { randomUUID } from 'node:crypto';
import { claimJobs, registerWorker, type ClaimedJob } from '@baton/persistence';
import { TestProducer } from '../testing/test-producer.js';

let producer: TestProducer;
let tenant: Awaited<ReturnType<TestProducer['tenant']>>;

beforeAll(async () => {
  producer = await TestProducer.start();
});
afterAll(() => producer.close());
beforeEach(async () => {
  tenant = await producer.tenant();
});

async function post(fields: Record<string, unknown> = {}): Promise<string> {
  const body = { queue: tenant.queue, ...fields };
  return (await producer.call('POST', '/v1/jobs', { key: tenant.key, body })).json<{ id: string }>().id;
}

async function cancel(id: string, body?: unknown, key = tenant.key) {
  const answer = await producer.call('POST', `/v1/jobs/${id}/cancel`, { key, body });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}

async function claim(): Promise<ClaimedJob> {
  const { pool } = producer.test.database;
  const workerId = randomUUID();
  const queues = [tenant.queue];
  await registerWorker(pool, { id: workerId, source: 'polling', host: 'here', pid: 1, queues });
  const [job] = await claimJobs(pool, { workerId, queues, executionIds: [randomUUID()], extendLease: true });
  if (!job) throw new Error('there is no job to claim');
  return job;
}

it('cancels at once what no worker can have', async () => {
  for (const fields of [{}, { delay: '1h' }, { orderingKey: 'k' }]) {
    const id = await post(fields);
    expect(await cancel(id, { reason: 'not wanted' })).toMatchObject({
      status: 200,
      body: { id, state: 'cancelled', error: { code: 'job_cancelled', message: 'not wanted' } },
    });
  }
  const id = await post();
  expect(await cancel(id)).toMatchObject({
    status: 200,
    body: { error: { message: 'the job was cancelled' } },
  });
});

it('asks the worker of what runs, and tells that it has', async () => {
  const id = await post();
  await claim();
  expect(await cancel(id)).toMatchObject({ status: 202, body: { state: 'running', cancelRequested: true } });
  expect(await cancel(id)).toMatchObject({ status: 202 });
});

it('asks for what is queued for Kafka', async () => {
  const body = { dispatchMode: 'event' };
  await producer.call('PATCH', `/v1/queues/${tenant.queue}`, { key: tenant.key, body });
  const id = await post();
  expect(await cancel(id)).toMatchObject({ status: 202, body: { state: 'queued', cancelRequested: true } });
});

it('refuses what has ended, and names its state', async () => {
  const id = await post();
  await cancel(id);
  expect(await cancel(id)).toMatchObject({
    status: 409,
    body: { code: 'state_conflict', detail: expect.stringContaining('is cancelled') as string },
  });
});

it('keeps tenants apart, and wants a scope', async () => {
  const id = await post();
  const other = await producer.tenant();
  expect(await cancel(id, undefined, other.key)).toMatchObject({ status: 404, body: { code: 'not_found' } });
  expect(await cancel(randomUUID())).toMatchObject({ status: 404 });
  const reader = await producer.keyFor(tenant.tenantId, ['jobs:read']);
  expect(await cancel(id, undefined, reader)).toMatchObject({ status: 403 });
});

it.each([{ reason: '' }, { why: 'x' }, { reason: 'x'.repeat(1_025) }])('refuses %j', async (body) => {
  expect(await cancel(await post(), body)).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});

describe('POST /v1/jobs/cancel', () => {
  const many = (body: unknown) => producer.call('POST', '/v1/jobs/cancel', { key: tenant.key, body });

  it('makes an operation that can be read, listed and stopped', async () => {
    const answer = await many({
      filter: { queue: tenant.queue, state: 'held' },
      reason: 'all',
      ratePerSecond: 5,
    });
    expect(answer.statusCode).toBe(202);
    const operation = answer.json<{ id: string }>();
    expect(answer.headers.location).toBe(`/v1/operations/${operation.id}`);
    expect(operation).toMatchObject({
      kind: 'cancel',
      state: 'running',
      filter: { queue: tenant.queue, state: 'held' },
      done: 0,
      failed: 0,
      ratePerSecond: 5,
    });
    const call = async (method: 'GET' | 'POST', path: string, key = tenant.key) => {
      const { statusCode, json } = await producer.call(method, `/v1/operations${path}`, { key });
      return { status: statusCode, body: json<Record<string, unknown>>() };
    };
    expect(await call('GET', `/${operation.id}`)).toEqual({ status: 200, body: operation });
    expect(await call('GET', '')).toEqual({ status: 200, body: { items: [operation] } });
    const other = await producer.tenant();
    expect(await call('GET', `/${operation.id}`, other.key)).toMatchObject({ status: 404 });
    expect(await call('POST', `/${operation.id}/cancel`, other.key)).toMatchObject({ status: 404 });
    expect(await call('POST', `/${operation.id}/cancel`)).toMatchObject({
      status: 200,
      body: { state: 'cancelled' },
    });
    expect(await call('POST', `/${operation.id}/cancel`)).toMatchObject({ status: 409 });
  });

  it.each([{}, { filter: {} }, { filter: { colour: 'red' } }, { filter: { state: 'dead' } }])(
    'refuses %j',
    async (body) => {
      const answer = await many(body);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'invalid_request']);
    },
  );
});
