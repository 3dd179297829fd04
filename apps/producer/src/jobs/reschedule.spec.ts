import { channels } from '@baton/contracts';
import { Listener } from '@baton/persistence';
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

async function post(body: object): Promise<string> {
  const answer = await producer.call('POST', '/v1/jobs', {
    key: tenant.key,
    body: { queue: tenant.queue, ...body },
  });
  return answer.json<{ id: string }>().id;
}
const reschedule = (id: string, body: unknown, key = tenant.key) =>
  producer.call('POST', `/v1/jobs/${id}/reschedule`, { key, body });

it('gives a scheduled job another time, and wakes the timers for it', async () => {
  const id = await post({ delay: '1h' });
  const heard: string[] = [];
  const runAt = new Date(Date.now() + 7_200_000).toISOString();
  const all = Promise.withResolvers<void>();
  const listener = new Listener(producer.test.url, {
    applicationName: 'test',
    channels: {
      [channels.timers]: (items) => {
        heard.push(...items);
        if (heard.includes(String(Date.parse(runAt)))) all.resolve();
      },
    },
    log: () => undefined,
  });
  await listener.start();
  const answer = await reschedule(id, { runAt });
  expect([answer.statusCode, answer.json<unknown>()]).toMatchObject([
    200,
    { id, state: 'scheduled', runAt, payload: null },
  ]);
  await all.promise;
  await listener.close();
  const sooner = await reschedule(id, { delay: '5m' });
  expect(Date.parse(sooner.json<{ runAt: string }>().runAt)).toBeLessThan(Date.parse(runAt));
});

it('answers 409 with the state of a job that was released', async () => {
  const answer = await reschedule(await post({}), { delay: '5m' });
  expect([answer.statusCode, answer.json<{ code: string; detail: string }>()]).toMatchObject([
    409,
    { code: 'state_conflict', detail: expect.stringContaining('is queued') },
  ]);
});

it("knows no other tenant's job", async () => {
  const other = await producer.tenant();
  expect((await reschedule(await post({ delay: '1h' }), { delay: 1 }, other.key)).statusCode).toBe(404);
});

it.each([[{}], [{ runAt: '2020-01-01T00:00:00Z', delay: 1 }], [{ delay: '400d' }], [{ at: 1 }]])(
  'refuses %j',
  async (body) => {
    const answer = await reschedule(await post({ delay: '1h' }), body);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'invalid_request']);
  },
);
