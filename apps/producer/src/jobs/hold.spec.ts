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

const set = (settings: object) =>
  producer.call('PATCH', `/v1/queues/${tenant.queue}`, { key: tenant.key, body: settings });

async function post(fields: object = {}, key = tenant.key): Promise<string> {
  const answer = await producer.call('POST', '/v1/jobs', { key, body: { queue: tenant.queue, ...fields } });
  return answer.json<{ id: string }>().id;
}

async function read(id: string): Promise<{ reason?: string; hold?: unknown }> {
  return (await producer.call('GET', `/v1/jobs/${id}`, { key: tenant.key })).json();
}

it('a job in a lane names the job before it', async () => {
  const first = await post({ orderingKey: 'k' });
  const second = await post({ orderingKey: 'k' });
  expect(await read(second)).toMatchObject({ reason: 'lane', hold: { reason: 'lane', by: { job: first } } });
  expect((await read(first)).hold).toBeUndefined();
});

it('a job before a limit names the limit and who has the slots, but no other tenant’s jobs', async () => {
  await set({ concurrency: { total: 2, perKey: 1 } });
  const first = await post({ concurrencyKey: 'k' });
  const second = await post({ concurrencyKey: 'k' });
  const by = { key: 'k', limit: 1, running: 1, jobs: [first] };
  expect(await read(second)).toMatchObject({ reason: 'concurrency', hold: { reason: 'concurrency', by } });
  const other = await producer.tenant();
  await post({}, other.key);
  const third = await post();
  expect((await read(third)).hold).toEqual({
    reason: 'concurrency',
    by: { limit: 2, running: 2, jobs: [first] },
  });
});

it('a job before a rate says when the next token comes', async () => {
  await set({ rateLimit: { limit: 1, per: '1h' } });
  await post();
  const { reason, hold } = await read(await post());
  expect({ reason, hold }).toMatchObject({ reason: 'rate', hold: { by: { limit: 1, per: '1h' } } });
  const waitMs = Date.parse((hold as { until: string }).until) - Date.now();
  expect(waitMs).toBeGreaterThan(3_000_000);
  expect(waitMs).toBeLessThanOrEqual(3_601_000);
});

it('tells the reason of now, not of when it came to stand there', async () => {
  await set({ concurrency: { total: 1 } });
  await post();
  const id = await post();
  await set({ paused: true });
  const { reason, hold } = await read(id);
  expect({ reason, hold }).toMatchObject({ reason: 'paused', hold: { by: { since: expect.any(String) } } });
});
