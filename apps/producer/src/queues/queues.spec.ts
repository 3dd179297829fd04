import { channels } from '@baton/contracts';
import { Listener } from '@baton/persistence';
import { TestProducer } from '../testing/test-producer.js';

let producer: TestProducer;
let tenant: Awaited<ReturnType<TestProducer['tenant']>>;
let name: string;

beforeAll(async () => {
  producer = await TestProducer.start();
});
afterAll(() => producer.close());
beforeEach(async () => {
  tenant = await producer.tenant();
  name = `made-${tenant.queue}`;
});

function call(method: 'GET' | 'PUT' | 'PATCH' | 'POST', path: string, body?: unknown, key = tenant.key) {
  return producer.call(method, `/v1/queues${path}`, { key, body });
}

const defaults = {
  dispatchMode: 'polling',
  maxAttempts: 5,
  backoff: { type: 'exponential', delay: '1s', factor: 2, max: '1h', jitter: 0.2 },
  timeout: '5m',
  window: 10_000,
  concurrency: null,
  rateLimit: null,
  expectWithin: null,
  maxBacklog: 1_000_000,
  schema: null,
  fairness: 'none',
  events: false,
  maxCrashes: 3,
  cancelGrace: '30s',
  retention: { succeeded: '1d', cancelled: '1d', dead: '30d' },
  results: { hot: '1h', warm: '1d' },
  paused: false,
  draining: false,
};

it('makes a queue by its first PUT, with defaults, and sets it whole by the next', async () => {
  const made = await call('PUT', `/${name}`, { maxAttempts: 2, timeout: 1_500 });
  expect([made.statusCode, made.json<unknown>()]).toEqual([
    201,
    {
      ...defaults,
      name,
      maxAttempts: 2,
      timeout: '1500ms',
      createdAt: expect.any(String),
      updatedAt: expect.any(String),
    },
  ]);
  const set = await call('PUT', `/${name}`, { dispatchMode: 'event' });
  expect([set.statusCode, set.json<unknown>()]).toMatchObject([200, { ...defaults, dispatchMode: 'event' }]);
  expect((await call('GET', `/${name}`)).json()).toEqual(set.json());
});

it('changes by PATCH what is named', async () => {
  await call('PUT', `/${name}`, { maxAttempts: 2 });
  const backoff = { type: 'list', delays: ['1s', '5m'] };
  const answer = await call('PATCH', `/${name}`, { backoff, window: 5 });
  expect(answer.json()).toMatchObject({ maxAttempts: 2, backoff, window: 5 });
  expect((await call('PATCH', `/${name}`, {})).json()).toMatchObject({ maxAttempts: 2, backoff, window: 5 });
});

it('a new mode holds for jobs released from then on', async () => {
  await call('PUT', `/${name}`, {});
  const post = async () =>
    (await producer.call('POST', '/v1/jobs', { key: tenant.key, body: { queue: name } })).json<unknown>();
  expect(await post()).toMatchObject({ dispatchMode: 'polling' });
  await call('PATCH', `/${name}`, { dispatchMode: 'event' });
  expect(await post()).toMatchObject({ dispatchMode: 'event' });
});

it('tells the others that a queue has changed', async () => {
  const heard = Promise.withResolvers<string[]>();
  const listener = new Listener(producer.test.url, {
    applicationName: 'test',
    channels: { [channels.queues]: heard.resolve },
    log: () => undefined,
  });
  await listener.start();
  await call('PUT', `/${name}`, {});
  expect(await heard.promise).toEqual([name]);
  await listener.close();
});

it('lists by name, by cursor', async () => {
  for (const suffix of ['a', 'b', 'c']) await call('PUT', `/zz-${suffix}-${tenant.queue}`, {});
  const names: string[] = [];
  let cursor = '';
  do {
    const page = (await call('GET', `?limit=2${cursor}`)).json<{
      items: { name: string }[];
      nextCursor?: string;
    }>();
    names.push(...page.items.map((queue) => queue.name));
    cursor = page.nextCursor === undefined ? '' : `&cursor=${page.nextCursor}`;
  } while (cursor !== '');
  expect(names).toEqual([...new Set(names)].sort());
  expect(names.slice(-3)).toEqual(['a', 'b', 'c'].map((suffix) => `zz-${suffix}-${tenant.queue}`));
});

it.each<[string, unknown, string]>([
  ['concurrency', { total: 0 }, 'concurrency.total'],
  ['concurrency', {}, 'concurrency'],
  ['rateLimit', { limit: 5 }, 'rateLimit.per'],
  ['rateLimit', { limit: 5, per: '1s', burst: 0 }, 'rateLimit.burst'],
  ['expectWithin', '31d', 'expectWithin'],
  ['maxBacklog', 0, 'maxBacklog'],
  ['fairness', 'fair', 'fairness'],
  ['retention', { dead: '0s' }, 'retention.dead'],
  ['schema', { type: 'nothing' }, 'schema'],
  ['schema', { $ref: 'https://elsewhere.example/schema' }, 'schema'],
  ['paused', 'yes', 'paused'],
  ['dispatchMode', 'kafka', 'dispatchMode'],
  ['maxAttempts', 0, 'maxAttempts'],
  ['timeout', '2d', 'timeout'],
  ['window', 0, 'window'],
  ['backoff', { type: 'fixed' }, 'backoff.delay'],
])('refuses %s: %j by name', async (field, value, path) => {
  for (const method of ['PUT', 'PATCH'] as const) {
    const answer = await call(method, `/${name}`, { [field]: value });
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ path }] });
  }
});

it('knows no queue that is not there, and takes no name that is none', async () => {
  for (const answer of [await call('GET', '/nowhere'), await call('PATCH', '/nowhere', {})]) {
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'unknown_queue']);
  }
  for (const bad of ['Upper', '-a', 'a.b', 'x'.repeat(64)])
    expect((await call('PUT', `/${bad}`, {})).statusCode).toBe(400);
});

it('wants the scope to change', async () => {
  const reader = await producer.keyFor(tenant.tenantId, ['jobs:read']);
  expect((await call('PUT', `/${name}`, {}, reader)).statusCode).toBe(403);
  expect((await call('GET', `/${tenant.queue}`, undefined, reader)).statusCode).toBe(200);
});

const limited = {
  concurrency: { total: 20, perKey: 2 },
  rateLimit: { limit: 100, per: '1s', burst: 50, perKey: true },
  expectWithin: '10m',
  maxBacklog: 500,
  schema: { type: 'object', required: ['to'] },
  fairness: 'tenant',
  events: true,
  maxCrashes: 5,
  cancelGrace: '1m',
  retention: { succeeded: '1h', cancelled: '2h', dead: '90d' },
  results: { hot: '5m', warm: '2d' },
};

it('takes all settings, and gives each back; what a PATCH does not name stays', async () => {
  expect((await call('PUT', `/${name}`, limited)).json()).toEqual({
    ...defaults,
    ...limited,
    name,
    createdAt: expect.any(String),
    updatedAt: expect.any(String),
  });
  const changed = await call('PATCH', `/${name}`, {
    concurrency: { total: 3 },
    rateLimit: null,
    retention: { dead: '1d' },
  });
  expect(changed.json()).toMatchObject({
    ...limited,
    concurrency: { total: 3 },
    rateLimit: null,
    retention: { ...limited.retention, dead: '1d' },
  });
  expect((await call('PUT', `/${name}`, {})).json()).toMatchObject(defaults);
});

const post = (body: object, headers = {}) =>
  producer.call('POST', '/v1/jobs', { key: tenant.key, body: { queue: name, ...body }, headers });

it('pauses and resumes by its own routes and as a setting; a PUT that does not name it leaves it', async () => {
  await call('PUT', `/${name}`, {});
  expect((await call('POST', `/${name}/pause`)).json()).toMatchObject({
    paused: true,
    pausedAt: expect.any(String),
  });
  expect((await post({})).json()).toMatchObject({ state: 'held', reason: 'paused' });
  expect((await call('PUT', `/${name}`, {})).json()).toMatchObject({ paused: true });
  expect((await call('PATCH', `/${name}`, { paused: false })).json()).toMatchObject({ paused: false });
  expect((await call('PATCH', `/${name}`, { paused: true })).json()).toMatchObject({ paused: true });
  expect((await call('POST', `/${name}/resume`)).json()).toMatchObject({ paused: false });
  expect((await post({})).json()).toMatchObject({ state: 'queued' });
  expect((await call('POST', '/nowhere/pause')).statusCode).toBe(404);
});

it('a draining queue takes no new jobs, until it is resumed', async () => {
  await call('PUT', `/${name}`, {});
  await post({});
  expect((await call('POST', `/${name}/drain`)).json()).toMatchObject({ draining: true, paused: false });
  const refused = await post({});
  expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([409, 'state_conflict']);
  expect(refused.json<{ detail: string }>().detail).toContain('draining');
  await call('POST', `/${name}/resume`);
  expect((await post({})).statusCode).toBe(202);
});

it('answers 429 with Retry-After where more would wait than the queue allows, until what waits is less', async () => {
  await call('PUT', `/${name}`, { maxBacklog: 3 });
  for (let i = 0; i < 3; i++) expect((await post({})).statusCode).toBe(202);
  const refused = await post({});
  expect([refused.statusCode, refused.json<{ code: string }>().code]).toEqual([429, 'queue_backlogged']);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  await producer.test.database.pool.query('DELETE FROM baton.job WHERE queue = $1', [name]);
  let status = 429;
  while (status === 429) status = (await post({})).statusCode;
  expect(status).toBe(202);
});

it('a request that was accepted is answered again as it was, though its queue takes no more by now', async () => {
  await call('PUT', `/${name}`, { maxBacklog: 1 });
  const again = (headers = { 'idempotency-key': 'k' }) => post({}, headers);
  const first = await again();
  expect(first.statusCode).toBe(202);
  for (let i = 0; i < 2; i++) expect((await post({})).statusCode).toBe(429);
  const id = (answer: typeof first): string => answer.json<{ id: string }>().id;
  const full = await again();
  expect([full.statusCode, id(full)]).toEqual([202, id(first)]);
  await call('POST', `/${name}/drain`);
  expect(id(await again())).toBe(id(first));
  expect((await again({ 'idempotency-key': 'another' })).statusCode).toBe(409);
  expect((await post({ payload: 2 }, { 'idempotency-key': 'k' })).json()).toMatchObject({
    code: 'idempotency_mismatch',
  });
});

it('refuses a payload that does not fit the schema, with the path of each fault', async () => {
  await call('PUT', `/${name}`, {
    schema: {
      type: 'object',
      properties: {
        to: { type: 'string', format: 'email' },
        copies: { type: 'array', items: { type: 'integer' } },
      },
      required: ['to'],
      unevaluatedProperties: false,
    },
  });
  expect((await post({ payload: { to: 'a@b.example', copies: [1] } })).statusCode).toBe(202);
  const refused = await post({ payload: { to: 'nobody', copies: [1, 'two'] } });
  expect([refused.statusCode, refused.json<unknown>()]).toMatchObject([
    422,
    { code: 'payload_invalid', errors: [{ path: 'payload.to' }, { path: 'payload.copies.1' }] },
  ]);
  const batch = await producer.call('POST', '/v1/jobs/batch', {
    key: tenant.key,
    body: { jobs: [{ queue: name, payload: { to: 'a@b.example' } }, { queue: name }] },
  });
  expect([batch.statusCode, batch.json<unknown>()]).toMatchObject([
    422,
    { errors: [{ path: 'jobs.1.payload' }] },
  ]);
  await call('PATCH', `/${name}`, { schema: null });
  expect((await post({ payload: 1 })).statusCode).toBe(202);
});

it('tells how a queue stands', async () => {
  await call('PUT', `/${name}`, {});
  for (let i = 0; i < 3; i++) expect((await post({})).statusCode).toBe(202);
  expect((await post({ delay: '1h' })).statusCode).toBe(202);
  await call('POST', `/${name}/pause`);
  expect((await post({})).statusCode).toBe(202);
  await producer.test.database.pool.query(
    `INSERT INTO baton.job_history (id, tenant_id, queue, state, priority, payload, max_attempts, timeout_ms, seq, created_at,
       queued_at, started_at, finished_at)
     SELECT uuidv7(), $1, $2, 'succeeded', 1, 'null', 5, 1000, 4, baton.now(), baton.now(), baton.now() + n * interval '10 ms',
       baton.now() + n * interval '30 ms' FROM generate_series(1, 100) n`,
    [tenant.tenantId, name],
  );
  const answer = await call('GET', `/${name}/stats`);
  expect([answer.statusCode, answer.json<unknown>()]).toMatchObject([
    200,
    {
      queue: name,
      depth: { scheduled: 1, held: 1, queued: 3, running: 0 },
      held: { paused: 1 },
      backlog: 5,
      outbox: { rows: 0 },
      modes: { polling: 3 },
      sample: 100,
    },
  ]);
  const { waitMs, runMs, oldestQueuedAt } = answer.json<Record<string, never>>();
  expect(waitMs).toMatchObject({ p50: expect.closeTo(505, 0) });
  expect(runMs).toMatchObject({ p50: expect.closeTo(1010, 0) });
  expect(Date.parse(oldestQueuedAt!)).toBeLessThanOrEqual(Date.now() + 1_000);
  expect((await call('GET', '/nobody-knows/stats')).statusCode).toBe(404);
});
