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

function call(method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: unknown, key = tenant.key) {
  return producer.call(method, `/v1/schedules${path}`, { key, body });
}

const settings = (more: object = {}) => ({ cron: '30 2 * * *', queue: tenant.queue, ...more });

it('makes a schedule by its first PUT, with defaults, and sets it whole by the next', async () => {
  const made = await call('PUT', '/nightly', settings());
  expect([made.statusCode, made.json<unknown>()]).toEqual([
    201,
    {
      name: 'nightly',
      cron: '30 2 * * *',
      timezone: 'UTC',
      jitter: '0ms',
      catchUp: 'skip',
      paused: false,
      queue: tenant.queue,
      payload: null,
      priority: 'normal',
      nextRuns: expect.any(Array),
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    },
  ]);
  const { nextRuns } = made.json<{ nextRuns: string[] }>();
  expect(nextRuns).toHaveLength(5);
  for (const [i, run] of nextRuns.entries()) {
    expect(run).toMatch(/T02:30:00.000Z$/);
    if (i > 0) expect(Date.parse(run) - Date.parse(nextRuns[i - 1]!)).toBe(86_400_000);
  }
  const set = await producer.call('PUT', '/v1/schedules/nightly', {
    key: tenant.key,
    body: `{"cron":"*/10 0 * * * *","queue":"${tenant.queue}","timezone":"Europe/Berlin","jitter":"5m","catchUp":"all",
      "payload":{"n": 1.0},"priority":"high","orderingKey":"o","concurrencyKey":"c","maxAttempts":2,
      "backoff":{"type":"fixed","delay":"2s"},"timeout":"10s","expectWithin":"1h","metadata":{"a":"b"}}`,
  });
  expect(set.statusCode).toBe(200);
  expect(set.body).toContain('"payload":{"n": 1.0}');
  const shown = set.json<Record<string, unknown>>();
  expect(shown).toMatchObject({
    cron: '*/10 0 * * * *',
    timezone: 'Europe/Berlin',
    jitter: '5m',
    catchUp: 'all',
    priority: 'high',
    orderingKey: 'o',
    concurrencyKey: 'c',
    maxAttempts: 2,
    backoff: { type: 'fixed', delay: '2s' },
    timeout: '10s',
    expectWithin: '1h',
    metadata: { a: 'b' },
  });
  expect((await call('GET', '/nightly')).json()).toEqual(shown);
});

it('is paused and resumed, by its routes and by PUT', async () => {
  const paused = await call('PUT', '/p', settings({ paused: true }));
  expect(paused.json()).toMatchObject({ paused: true, nextRuns: [] });
  expect((await call('POST', '/p/resume')).json()).toMatchObject({
    paused: false,
    nextRuns: [
      expect.any(String),
      expect.any(String),
      expect.any(String),
      expect.any(String),
      expect.any(String),
    ],
  });
  expect((await call('POST', '/p/pause')).json()).toMatchObject({ paused: true, nextRuns: [] });
  expect((await call('PUT', '/p', settings())).json()).toMatchObject({ paused: false });
});

it('makes its job at once when it is triggered', async () => {
  await call('PUT', '/t', settings({ payload: { n: 1 }, maxAttempts: 2, paused: true }));
  const answer = await call('POST', '/t/trigger');
  expect([answer.statusCode, answer.json<unknown>()]).toEqual([
    202,
    { id: expect.any(String), state: 'queued' },
  ]);
  const job = await producer.call('GET', String(answer.headers.location), { key: tenant.key });
  expect(job.json()).toMatchObject({
    queue: tenant.queue,
    payload: { n: 1 },
    maxAttempts: 2,
    state: 'queued',
  });
});

it('lists by name, by cursor, each tenant its own', async () => {
  for (const name of ['b', 'a', 'c']) await call('PUT', `/${name}`, settings());
  const first = (await call('GET', '?limit=2')).json<{ items: { name: string }[]; nextCursor: string }>();
  const second = (await call('GET', `?limit=2&cursor=${first.nextCursor}`)).json<typeof first>();
  expect([...first.items, ...second.items].map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  expect(second.nextCursor).toBeUndefined();
  const other = await producer.tenant();
  expect((await call('GET', '', undefined, other.key)).json()).toEqual({ items: [] });
  for (const [method, path] of [
    ['GET', '/a'],
    ['DELETE', '/a'],
    ['POST', '/a/pause'],
    ['POST', '/a/trigger'],
  ] as const)
    expect((await call(method, path, undefined, other.key)).statusCode).toBe(404);
});

it('is deleted', async () => {
  await call('PUT', '/gone', settings());
  expect((await call('DELETE', '/gone')).statusCode).toBe(204);
  expect((await call('GET', '/gone')).statusCode).toBe(404);
  expect((await call('DELETE', '/gone')).statusCode).toBe(404);
});

it('tells the timers of a change', async () => {
  const heard = Promise.withResolvers<string[]>();
  const listener = new Listener(producer.test.url, {
    applicationName: 'test',
    channels: { [channels.schedules]: heard.resolve },
    log: () => undefined,
  });
  await listener.start();
  await call('PUT', '/told', settings());
  expect(await heard.promise).toHaveLength(1);
  await listener.close();
});

it.each<[object, string]>([
  [{ cron: '* * * *' }, 'cron'],
  [{ cron: '0 0 31 2 *' }, 'cron'],
  [{ timezone: 'Mars/Phobos' }, 'timezone'],
  [{ catchUp: 'some' }, 'catchUp'],
  [{ jitter: '2d' }, 'jitter'],
  [{ runAt: '2020-01-01T00:00:00Z' }, 'runAt'],
  [{ colour: 'red' }, 'colour'],
])('refuses %j by name', async (more, path) => {
  const answer = await call('PUT', '/bad', settings(more));
  expect(answer.statusCode).toBe(400);
  expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
});

it('checks the payload against the schema of its queue when it is set, and the queue when it is triggered', async () => {
  const queue = (method: 'PATCH' | 'POST', path: string, body?: object) =>
    producer.call(method, `/v1/queues/${tenant.queue}${path}`, { key: tenant.key, body });
  await call('PUT', '/s', settings({ payload: { n: 'one' } }));
  await queue('PATCH', '', { schema: { properties: { n: { type: 'integer' } } } });
  const refused = await call('PUT', '/s', settings({ payload: { n: 'one' } }));
  expect([refused.statusCode, refused.json<unknown>()]).toMatchObject([
    422,
    { code: 'payload_invalid', errors: [{ path: 'payload.n' }] },
  ]);
  expect((await call('POST', '/s/trigger')).json()).toMatchObject({ code: 'payload_invalid' });
  expect((await call('PUT', '/s', settings({ payload: { n: 1 } }))).statusCode).toBe(200);
  await queue('POST', '/drain');
  expect((await call('POST', '/s/trigger')).json()).toMatchObject({ code: 'state_conflict' });
});

it('refuses a queue that is not there, and wants the scope', async () => {
  expect((await call('PUT', '/s', settings({ queue: 'nowhere' }))).json()).toMatchObject({
    code: 'unknown_queue',
  });
  const reader = await producer.keyFor(tenant.tenantId, ['jobs:read']);
  expect((await call('PUT', '/s', settings(), reader)).statusCode).toBe(403);
  expect((await call('GET', '', undefined, reader)).statusCode).toBe(200);
});
