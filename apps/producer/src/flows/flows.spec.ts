import { randomUUID } from 'node:crypto';
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

type Answer = Record<string, unknown>;

async function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  const answer = await producer.call('POST', url, { key: tenant.key, body, headers });
  return { status: answer.statusCode, headers: answer.headers, body: answer.json<Answer>() };
}

async function get(url: string, key = tenant.key) {
  const answer = await producer.call('GET', url, { key });
  return { status: answer.statusCode, body: answer.json<Answer>() };
}

const job = (fields: Record<string, unknown> = {}) => ({ queue: tenant.queue, ...fields });

describe('POST /v1/flows', () => {
  const diamond = () => [
    job({ name: 'bake', dependsOn: ['buy', { job: 'heat', onFailure: 'run' }], payload: { n: 1 } }),
    job({ name: 'buy' }),
    job({ name: 'heat' }),
    job({ name: 'eat', dependsOn: ['bake'] }),
  ];

  it('accepts a graph, and tells its jobs by name', async () => {
    const { status, body, headers } = await post('/v1/flows', { jobs: diamond() });
    expect(status).toBe(202);
    const ids = body['jobs'] as Record<string, string>;
    expect(Object.keys(ids).sort()).toEqual(['bake', 'buy', 'eat', 'heat']);
    expect(headers['location']).toBe(`/v1/flows/${String(body['id'])}`);
    const flow = await get(`/v1/flows/${String(body['id'])}`);
    expect(flow.body).toMatchObject({
      id: body['id'],
      finished: false,
      jobs: {
        bake: { id: ids['bake'], state: 'held', reason: 'parents', parents: 2, pendingParents: 2 },
        buy: { state: 'queued', flowId: body['id'] },
        eat: { state: 'held', pendingParents: 1 },
      },
    });
    expect((await get(`/v1/jobs/${ids['buy']}`)).body).toMatchObject({ dependants: 1, flowId: body['id'] });
    expect((await get(`/v1/jobs/${ids['bake']}`)).body).toMatchObject({ dependants: 1, payload: { n: 1 } });
    const { rows } = await producer.test.database.pool.query(
      'SELECT name, on_failure FROM baton.dependency WHERE child_id = $1 ORDER BY name',
      [ids['bake']],
    );
    expect(rows).toEqual([
      { name: 'buy', on_failure: 'cancel' },
      { name: 'heat', on_failure: 'run' },
    ]);
  });

  it('is one trace, though its request has none', async () => {
    const { body } = await post('/v1/flows', { jobs: diamond() });
    const { body: flow } = await get(`/v1/flows/${String(body['id'])}`);
    const jobs = Object.values(flow['jobs'] as Record<string, { traceId: string }>);
    expect(new Set(jobs.map(({ traceId }) => traceId)).size).toBe(1);
    const wide = Array.from({ length: 101 }, (_, i) => job({ name: `n${i}` }));
    const { body: large } = await post('/v1/flows', { jobs: wide });
    const { body: shown } = await get(`/v1/flows/${String(large['id'])}`);
    const traces = Object.values(shown['jobs'] as Record<string, { traceId: string }>);
    expect(new Set(traces.map(({ traceId }) => traceId)).size).toBe(101);
  });

  it('refuses cycles and unknown names, by name, and keeps nothing', async () => {
    const cycle = await post('/v1/flows', {
      jobs: [
        job({ name: 'a', dependsOn: ['c'] }),
        job({ name: 'b', dependsOn: ['a'] }),
        job({ name: 'c', dependsOn: ['b'] }),
      ],
    });
    expect(cycle).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    expect(JSON.stringify(cycle.body)).toContain('a → b → c → a');
    const unknown = await post('/v1/flows', { jobs: [job({ name: 'a', dependsOn: ['z'] })] });
    expect(unknown.body['errors']).toEqual([
      { path: 'jobs.0.dependsOn', message: 'no job of this flow is named "z"' },
    ]);
    const queue = await post('/v1/flows', { jobs: [job({ name: 'a' }), { name: 'b', queue: 'nowhere' }] });
    expect(queue).toMatchObject({ status: 404, body: { code: 'unknown_queue' } });
    const { rowCount } = await producer.test.database.pool.query(
      'SELECT FROM baton.job WHERE tenant_id = $1',
      [tenant.tenantId],
    );
    expect(rowCount).toBe(0);
  });

  it('tells the same flow again for the same Idempotency-Key', async () => {
    const headers = { 'idempotency-key': randomUUID() };
    const first = await post('/v1/flows', { jobs: diamond() }, headers);
    const again = await post('/v1/flows', { jobs: diamond() }, headers);
    expect([again.status, again.body]).toEqual([202, first.body]);
  });

  it('is not there for another tenant', async () => {
    const { body } = await post('/v1/flows', { jobs: diamond() });
    const stranger = await producer.tenant();
    expect((await get(`/v1/flows/${String(body['id'])}`, stranger.key)).status).toBe(404);
  });
});

describe('dependsOn', () => {
  it('takes ids, or jobs with a policy, each once', async () => {
    const { body: parent } = await post('/v1/jobs', job());
    const id = String(parent['id']);
    const short = await post('/v1/jobs', job({ dependsOn: [id] }));
    expect(short.body).toMatchObject({ state: 'held', reason: 'parents', parents: 1, pendingParents: 1 });
    const long = await post('/v1/jobs', job({ dependsOn: [{ job: id, onFailure: 'hold' }] }));
    expect(long.status).toBe(202);
    const twice = await post('/v1/jobs', job({ dependsOn: [id, { job: id }] }));
    expect(twice).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
    const nobody = randomUUID();
    const unknown = await post('/v1/jobs', job({ dependsOn: [nobody] }));
    expect(unknown).toMatchObject({ status: 404, body: { code: 'not_found' } });
    expect(String(unknown.body['detail'])).toContain(nobody);
  });

  it('a batch may have a callback, which waits for all of it', async () => {
    const { status, body } = await post('/v1/jobs/batch', {
      jobs: [job(), job({ delay: '1h' }), job()],
      callback: job({ payload: { all: true } }),
    });
    expect(status).toBe(202);
    expect((body['items'] as Answer[]).map(({ state }) => state)).toEqual(['queued', 'scheduled', 'queued']);
    const callback = body['callback'] as Answer;
    expect(callback['state']).toBe('held');
    expect((await get(`/v1/jobs/${String(callback['id'])}`)).body).toMatchObject({
      parents: 3,
      payload: { all: true },
    });
  });
});

describe('unique', () => {
  it('by key: refuses the second, and names the first', async () => {
    const unique = { key: 'k' };
    const first = await post('/v1/jobs', job({ unique }));
    const second = await post('/v1/jobs', job({ unique, payload: 2 }));
    expect(second).toMatchObject({ status: 409, body: { code: 'unique_conflict' } });
    expect(String(second.body['detail'])).toContain(String(first.body['id']));
  });

  it('by fields of the payload, or by the whole of it, whatever the order of members', async () => {
    const same = async (unique: object, a: unknown, b: unknown): Promise<boolean> => {
      const rule = { ...unique, onConflict: 'existing' };
      const first = await post('/v1/jobs', job({ unique: rule, payload: a }));
      const second = await post('/v1/jobs', job({ unique: rule, payload: b }));
      expect(second.status).toBe(202);
      expect(second.body['existing']).toBe(first.body['id'] === second.body['id'] ? true : undefined);
      return first.body['id'] === second.body['id'];
    };
    const fields = ['order.id', 'items.0.sku'];
    const order = (id: unknown, sku: string) => ({ order: { id }, items: [{ sku }], at: randomUUID() });
    expect(await same({ fields }, order(1, 'a'), order(1, 'a'))).toBe(true);
    expect(await same({ fields }, order(2, 'a'), order(2, 'b'))).toBe(false);
    expect(await same({ fields }, order(null, 'c'), { items: [{ sku: 'c' }] })).toBe(false);
    expect(await same({}, { a: 1, b: { c: [2] } }, { b: { c: [2] }, a: 1 })).toBe(true);
    expect(await same({}, { a: 1 }, { a: '1' })).toBe(false);
  });

  it('a debounced job waits for its window of quiet', async () => {
    const unique = { key: 'd', within: '10s', onConflict: 'debounce' };
    const first = await post('/v1/jobs', job({ unique, payload: 1 }));
    expect(first.body['state']).toBe('scheduled');
    const second = await post('/v1/jobs', job({ unique, payload: 2 }));
    expect(second.body).toMatchObject({ id: first.body['id'], existing: true, payload: 2 });
    expect(Date.parse(String(second.body['runAt']))).toBeGreaterThan(Date.parse(String(first.body['runAt'])));
  });

  it('works in batches, and tells which were there', async () => {
    const unique = { key: 'b', onConflict: 'existing' };
    const { body: first } = await post('/v1/jobs', job({ unique }));
    const { body } = await post('/v1/jobs/batch', { jobs: [job({ unique }), job()] });
    expect(body['items']).toMatchObject([{ id: first['id'], existing: true }, { state: 'queued' }]);
    expect((body['items'] as Answer[])[1]).not.toHaveProperty('existing');
  });

  it.each([
    [{ key: 'k', fields: ['a'] }, 'unique.fields'],
    [{ key: 'k', onConflict: 'throttle' }, 'unique.within'],
    [{ key: 'k', onConflict: 'debounce', within: '1s', states: ['held'] }, 'unique.states'],
    [{ key: '' }, 'unique.key'],
  ])('refuses %j', async (unique, path) => {
    const { status, body } = await post('/v1/jobs', job({ unique }));
    expect(status).toBe(400);
    expect((body['errors'] as { path: string }[]).map((error) => error.path)).toEqual([path]);
  });
});
