import { limits } from '@baton/contracts';
import { RetryLearner } from '@baton/results';
import { deriveJobTokenKey, verifyJobToken } from '@baton/service';
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

function post(body: unknown, headers: Record<string, string> = {}, key = tenant.key) {
  return producer.call('POST', '/v1/jobs', { key, body, headers });
}

async function storedJobs(): Promise<Record<string, unknown>[]> {
  const { rows } = await producer.test.database.pool.query<Record<string, unknown>>(
    'SELECT * FROM baton.job WHERE tenant_id = $1 ORDER BY id',
    [tenant.tenantId],
  );
  return rows;
}

describe('POST /v1/jobs', () => {
  it('says after how long to look: when the median job of its queue would be done', async () => {
    const learner = producer.app.get(RetryLearner, { strict: false });
    for (const seconds of [10, 20, 90]) learner.observe(tenant.queue, seconds * 1_000);
    const answer = await post({ queue: tenant.queue });
    expect(Number(answer.headers['retry-after'])).toBe(20);
  });

  it('answers 202 with the job and its token', async () => {
    const answer = await post(`{"queue":"${tenant.queue}", "payload": {"n": 1.0}, "metadata": {"a": "b"}}`);
    expect(answer.statusCode).toBe(202);
    const job = answer.json<Record<string, unknown>>();
    expect(answer.headers).toMatchObject({ location: `/v1/jobs/${String(job.id)}`, 'retry-after': '1' });
    expect(job).toMatchObject({
      queue: tenant.queue,
      state: 'queued',
      payload: { n: 1 },
      metadata: { a: 'b' },
      priority: 'normal',
      attempt: 1,
      failures: 0,
      maxAttempts: 5,
      generation: 0,
      attempts: [],
      dispatchMode: 'polling',
      cursor: '0:2',
      links: { self: `/v1/jobs/${String(job.id)}`, result: `/v1/results/${String(job.id)}` },
    });
    expect(answer.body).toContain('"payload":{"n": 1.0}');
    const claims = verifyJobToken(deriveJobTokenKey(producer.masterKey), String(job.token));
    expect(claims).toMatchObject({ sub: job.id, tid: tenant.tenantId });
    expect((await storedJobs())[0]).toMatchObject({ id: job.id, payload: '{"n": 1.0}' });
  });

  it('takes every field of a job', async () => {
    const answer = await post({
      queue: tenant.queue,
      orderingKey: 'k',
      concurrencyKey: 'account-7',
      priority: 'high',
      delay: '1h',
      maxAttempts: 3,
      timeout: '2m',
      backoff: { type: 'list', delays: ['1s', 2_000] },
      metadata: {},
    });
    expect(answer.statusCode).toBe(202);
    const job = answer.json<{ createdAt: string; runAt: string }>();
    expect(job).toMatchObject({
      state: 'scheduled',
      orderingKey: 'k',
      concurrencyKey: 'account-7',
      priority: 'high',
      maxAttempts: 3,
      attempt: 0,
    });
    expect(Date.parse(job.runAt) - Date.parse(job.createdAt)).toBe(3_600_000);
    expect((await storedJobs())[0]).toMatchObject({
      priority: 0,
      timeout_ms: 120_000,
      backoff: { type: 'list', delays: [1_000, 2_000] },
      payload: 'null',
    });
  });

  it('reads runAt with any zone', async () => {
    const answer = await post({ queue: tenant.queue, runAt: '2020-01-01T02:00:00+02:00' });
    expect(answer.json()).toMatchObject({ state: 'queued', runAt: '2020-01-01T00:00:00.000Z' });
  });

  const longKey = 'k'.repeat(256);
  it.each<[string, Record<string, unknown>, string]>([
    ['an unknown field', { colour: 'red' }, 'colour'],
    ['a name that no queue can have', { queue: 'No Queue' }, 'queue'],
    ['a long ordering key', { orderingKey: longKey }, 'orderingKey'],
    ['an ordering key that is long in bytes', { orderingKey: 'é'.repeat(128) }, 'orderingKey'],
    ['an empty ordering key', { orderingKey: '' }, 'orderingKey'],
    ['U+0000 in an ordering key', { orderingKey: 'a\0b' }, 'orderingKey'],
    ['a lone surrogate', { orderingKey: 'a\ud800' }, 'orderingKey'],
    ['a priority that is none', { priority: 'urgent' }, 'priority'],
    ['a duration that is none', { delay: '5 minutes' }, 'delay'],
    ['a negative delay', { delay: -1 }, 'delay'],
    ['a delay beyond a year', { delay: '400d' }, 'delay'],
    ['a time that is none', { runAt: 'tomorrow' }, 'runAt'],
    ['a time beyond a year', { runAt: new Date(Date.now() + 400 * 86_400_000).toISOString() }, 'runAt'],
    ['both runAt and delay', { runAt: '2020-01-01T00:00:00Z', delay: '1s' }, 'delay'],
    ['no attempts', { maxAttempts: 0 }, 'maxAttempts'],
    ['too many attempts', { maxAttempts: 101 }, 'maxAttempts'],
    ['a timeout over a day', { timeout: '25h' }, 'timeout'],
    ['an unknown backoff', { backoff: { type: 'random' } }, 'backoff'],
    ['a field of another backoff', { backoff: { type: 'fixed', delay: '1s', factor: 2 } }, 'backoff.factor'],
    ['metadata that is not flat', { metadata: { a: { b: 'c' } } }, 'metadata.a'],
    ['long metadata', { metadata: { a: 'x'.repeat(257) } }, 'metadata.a'],
    [
      'too much metadata',
      { metadata: Object.fromEntries(Array.from({ length: 17 }, (_, i) => [`k${i}`, 'v'])) },
      'metadata',
    ],
    ['U+0000 in metadata', { metadata: { a: '\0' } }, 'metadata.a'],
  ])('refuses %s by name', async (_what, fields, path) => {
    const answer = await post({ queue: tenant.queue, ...fields });
    expect(answer.statusCode).toBe(400);
    const problem = answer.json<{ code: string; errors: { path: string; message: string }[] }>();
    expect(problem.code).toBe('invalid_request');
    expect(
      problem.errors.map((error) => error.path.split('.').slice(0, path.split('.').length).join('.')),
    ).toContain(path);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(await storedJobs()).toHaveLength(0);
  });

  it.each<[string, string | Buffer, string]>([
    ['bad JSON', '{"queue": ', 'invalid_json'],
    ['JSON that is not UTF-8', Buffer.from([0x22, 0xff, 0x22]), 'invalid_json'],
    ['a key that poisons prototypes', '{"queue":"q","__proto__":{}}', 'invalid_json'],
    ['an array', '[]', 'invalid_request'],
    ['no body', '', 'invalid_request'],
  ])('refuses %s', async (_what, body, code) => {
    const answer = await post(body);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, code]);
  });

  it('refuses another content type', async () => {
    expect((await post('a=b', { 'content-type': 'application/x-www-form-urlencoded' })).statusCode).toBe(415);
  });

  it('measures the payload as received', async () => {
    const fits = `"${'x'.repeat(limits.payloadBytes - 2)}"`;
    expect((await post(`{"queue":"${tenant.queue}","payload":${fits}}`)).statusCode).toBe(202);
    // One value, spelled longer than the limit.
    const long = `"${'\\u0078'.repeat(limits.payloadBytes / 6 + 1)}"`;
    const answer = await post(`{"queue":"${tenant.queue}","payload":${long}}`);
    expect(answer.statusCode).toBe(413);
    const size = String(Buffer.byteLength(long));
    expect(answer.json()).toMatchObject({ code: 'payload_too_large', detail: expect.stringContaining(size) });
    expect(answer.json<{ detail: string }>().detail).toContain(String(limits.payloadBytes));
  });

  it('refuses a body over 1 MiB', async () => {
    const answer = await post({ queue: tenant.queue, payload: 'x'.repeat(limits.bodyBytes) });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([413, 'payload_too_large']);
  });

  it('keeps a payload that nests deeply', async () => {
    const deep = '['.repeat(100_000) + ']'.repeat(100_000);
    const answer = await post(`{"queue":"${tenant.queue}","payload":${deep}}`);
    expect(answer.statusCode).toBe(202);
    expect((await storedJobs())[0]?.payload).toBe(deep);
  });

  it('answers 404 for an unknown queue, and knows one as soon as it is made', async () => {
    const name = `new-${tenant.queue}`;
    const answer = await post({ queue: name });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'unknown_queue']);
    await producer.test.database.pool.query('INSERT INTO baton.queue (name) VALUES ($1)', [name]);
    expect((await post({ queue: name })).statusCode).toBe(202);
    await producer.test.database.pool.query('DELETE FROM baton.queue WHERE name = $1', [name]);
    expect((await post({ queue: name })).json()).toMatchObject({ code: 'unknown_queue' });
  });

  it('wants a key with the scope', async () => {
    expect((await producer.call('POST', '/v1/jobs', { body: {} })).statusCode).toBe(401);
    expect((await post({ queue: tenant.queue }, {}, `bk_${'x'.repeat(43)}`)).json()).toMatchObject({
      code: 'unauthenticated',
    });
    const readOnly = await producer.keyFor(tenant.tenantId, ['jobs:read']);
    const answer = await post({ queue: tenant.queue }, {}, readOnly);
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([403, 'scope_missing']);
  });
});

describe('Idempotency-Key', () => {
  it('tells the first answer again with a fresh token', async () => {
    const body = { queue: tenant.queue, payload: 1 };
    const first = await post(body, { 'idempotency-key': 'order-1' });
    const again = await post(body, { 'idempotency-key': '"order-1"' });
    expect([first.statusCode, again.statusCode]).toEqual([202, 202]);
    const { token: _first, ...job } = first.json<Record<string, unknown>>();
    const { token, ...same } = again.json<Record<string, unknown>>();
    expect(same).toEqual(job);
    expect(verifyJobToken(deriveJobTokenKey(producer.masterKey), String(token)).sub).toBe(job.id);
    expect(again.headers.location).toBe(first.headers.location);
    expect(await storedJobs()).toHaveLength(1);
  });

  it('refuses another body, down to its spelling', async () => {
    await post(`{"queue":"${tenant.queue}"}`, { 'idempotency-key': 'k' });
    const answer = await post(`{"queue": "${tenant.queue}"}`, { 'idempotency-key': 'k' });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([422, 'idempotency_mismatch']);
  });

  it('answers 409 while the first is being answered', async () => {
    const answers = await Promise.all(
      [1, 2, 3].map(() => post({ queue: tenant.queue }, { 'idempotency-key': 'k' })),
    );
    expect(answers.map((answer) => answer.statusCode).sort()).toEqual([202, 409, 409]);
    expect(answers.find((answer) => answer.statusCode === 409)?.json()).toMatchObject({
      code: 'idempotency_in_progress',
      retryable: true,
    });
    expect(await storedJobs()).toHaveLength(1);
  });

  it.each(['', '""', 'x'.repeat(256), 'naïve'])('refuses the key %j', async (key) => {
    const answer = await post({ queue: tenant.queue }, { 'idempotency-key': key });
    expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'invalid_request']);
  });
});

describe('POST /v1/jobs/batch', () => {
  function batch(body: unknown, headers: Record<string, string> = {}) {
    return producer.call('POST', '/v1/jobs/batch', { key: tenant.key, body, headers });
  }

  it('accepts all, in order, each with its own payload', async () => {
    const answer =
      await batch(`{"jobs": [{"queue":"${tenant.queue}","payload":[1, 2]},{"queue":"${tenant.queue}"},
      {"payload":{"a":"]}"},"queue":"${tenant.queue}","orderingKey":"k"}]}`);
    expect(answer.statusCode).toBe(202);
    const { items } = answer.json<{ items: { id: string; state: string }[] }>();
    const stored = await storedJobs();
    expect(items.map(({ id, state }) => [id, state])).toEqual(stored.map((row) => [row.id, row.state]));
    expect(stored.map((row) => row.payload)).toEqual(['[1, 2]', 'null', '{"a":"]}"}']);
  });

  it('accepts none when one is at fault, and says which', async () => {
    const answer = await batch({ jobs: [{ queue: tenant.queue }, { queue: tenant.queue, colour: 1 }] });
    expect(answer.json()).toMatchObject({ code: 'invalid_request', errors: [{ path: 'jobs.1.colour' }] });
    const big = await batch({
      jobs: [{ queue: tenant.queue }, { queue: tenant.queue, payload: 'x'.repeat(limits.payloadBytes) }],
    });
    expect(big.json()).toMatchObject({ code: 'payload_too_large', errors: [{ path: 'jobs.1.payload' }] });
    const unknown = await batch({ jobs: [{ queue: tenant.queue }, { queue: 'nowhere' }] });
    expect(unknown.json()).toMatchObject({ code: 'unknown_queue' });
    expect(await storedJobs()).toHaveLength(0);
  });

  it('takes 10,000 and no more', async () => {
    const jobs = Array.from({ length: limits.batchJobs + 1 }, () => ({
      queue: tenant.queue,
      payload: 'x'.repeat(150),
    }));
    expect((await batch({ jobs })).statusCode).toBe(400);
    const answer = await batch({ jobs: jobs.slice(1) }, { 'idempotency-key': 'all' });
    expect(answer.statusCode).toBe(202);
    expect(answer.json<{ items: unknown[] }>().items).toHaveLength(limits.batchJobs);
    expect((await batch({ jobs: jobs.slice(1) }, { 'idempotency-key': 'all' })).json()).toEqual(
      answer.json(),
    );
    expect((await batch({ jobs: [] })).statusCode).toBe(400);
  });
});
