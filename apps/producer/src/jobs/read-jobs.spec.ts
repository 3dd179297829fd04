import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { claimJobs, registerWorker, settleBatch, type Settlement } from '@baton/persistence';
import { deriveJobTokenKey, signJobToken } from '@baton/service';
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

interface Job {
  id: string;
  state: string;
  cursor: string;
}

async function post(fields: Record<string, unknown> = {}): Promise<Job> {
  return (
    await producer.call('POST', '/v1/jobs', { key: tenant.key, body: { queue: tenant.queue, ...fields } })
  ).json<Job>();
}

function get(path: string, headers: Record<string, string> = {}, key: string | undefined = tenant.key) {
  return producer.call('GET', `/v1/jobs${path}`, { key, headers });
}

/** Runs the queue's next job as a worker does. */
async function runNext(end: Partial<Settlement> & Pick<Settlement, 'kind'>): Promise<string> {
  const { database } = producer.test;
  const workerId = randomUUID();
  await registerWorker(database.pool, {
    id: workerId,
    source: 'polling',
    host: hostname(),
    pid: 1,
    queues: [tenant.queue],
  });
  const [job] = await claimJobs(database.pool, {
    workerId,
    queues: [tenant.queue],
    executionIds: [randomUUID()],
    extendLease: true,
  });
  if (!job) throw new Error('there is no job to run');
  const { jobId, attempt, executionId, tenantId, queue } = job;
  const settlement = {
    jobId,
    attempt,
    executionId,
    tenantId,
    queue,
    workerId,
    orderingKey: job.orderingKey ?? undefined,
  };
  await settleBatch(
    database.pool,
    [{ ...settlement, startedAtMs: job.claimedAtMs, finishedAtMs: job.claimedAtMs, ...end }],
    {},
  );
  return workerId;
}

const failure = { code: 'handler_error', message: 'no', retryable: true } as const;

describe('GET /v1/jobs/:id', () => {
  it('tells the job as its acceptance did', async () => {
    const { token: _token, ...accepted } = (await post({
      payload: { a: [1, 2] },
      orderingKey: 'k',
    })) as Job & { token: string };
    const answer = await get(`/${accepted.id}`);
    expect(answer.json()).toEqual(accepted);
    expect(answer.headers).toMatchObject({ etag: `"${accepted.cursor}"`, 'retry-after': '1' });
  });

  it('answers 304 while nothing has changed', async () => {
    const { id, cursor } = await post();
    expect((await get(`/${id}`, { 'if-none-match': `W/"${cursor}", "x"` })).statusCode).toBe(304);
    await runNext({ kind: 'succeeded', result: { kind: 'json', json: '1' } });
    const answer = await get(`/${id}`, { 'if-none-match': `"${cursor}"` });
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.etag).not.toBe(`"${cursor}"`);
  });

  it('tells a terminal job with its attempts and its error', async () => {
    const { id } = await post({ maxAttempts: 2, backoff: { type: 'fixed', delay: 0 } });
    const first = await runNext({ kind: 'failed', error: failure });
    await producer.test.database.pool.query(
      `UPDATE baton.job SET state = 'queued', attempt = 2 WHERE id = $1`,
      [id],
    );
    const second = await runNext({ kind: 'failed', error: { ...failure, message: 'still no' } });
    const answer = await get(`/${id}`);
    expect(answer.json()).toMatchObject({
      state: 'dead',
      attempt: 2,
      failures: 2,
      error: { code: 'handler_error', message: 'still no' },
      attempts: [
        { attempt: 1, outcome: 'failed', worker: first, error: { message: 'no' } },
        { attempt: 2, outcome: 'failed', worker: second, error: { message: 'still no' } },
      ],
    });
    expect(answer.headers['retry-after']).toBeUndefined();
  });

  it('keeps tenants apart: a foreign id is not there', async () => {
    const { id } = await post();
    const other = await producer.tenant();
    for (const [path, key] of [
      [`/${id}`, other.key],
      [`/${randomUUID()}`, tenant.key],
    ] as const) {
      const answer = await get(path, {}, key);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([404, 'not_found']);
    }
    expect((await get('/not-an-id')).statusCode).toBe(400);
  });

  it('takes the job’s own token, and no other', async () => {
    const [job, other] = [(await post()) as Job & { token: string }, await post()];
    expect((await get(`/${job.id}`, {}, job.token)).statusCode).toBe(200);
    expect((await get(`/${other.id}`, {}, job.token)).statusCode).toBe(401);
    const old = signJobToken(
      deriveJobTokenKey(producer.masterKey),
      { jobId: job.id, tenantId: tenant.tenantId },
      0,
    );
    expect((await get(`/${job.id}`, {}, old)).statusCode).toBe(401);
  });

  it('wants a scope to read', async () => {
    const { id } = await post();
    expect((await get(`/${id}`, {}, await producer.keyFor(tenant.tenantId, ['jobs:write']))).statusCode).toBe(
      403,
    );
  });
});

describe('GET /v1/jobs', () => {
  async function list(query: string): Promise<{ items: Job[]; nextCursor?: string }> {
    const answer = await get(`?${query}`);
    expect(answer.statusCode).toBe(200);
    return answer.json();
  }

  it('pages through live and terminal jobs, the newest first, each once', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) ids.unshift((await post()).id);
    await runNext({ kind: 'succeeded' });
    await runNext({ kind: 'succeeded' });
    const seen: string[] = [];
    let page = await list('limit=3');
    for (; page.nextCursor !== undefined; page = await list(`limit=3&cursor=${page.nextCursor}`)) {
      expect(page.items).toHaveLength(3);
      seen.push(...page.items.map((job) => job.id));
    }
    expect([...seen, ...page.items.map((job) => job.id)]).toEqual(ids);
    expect(page.items.at(-1)).toMatchObject({ state: 'succeeded' });
    expect(page.items.at(-1)).not.toHaveProperty('payload');
  });

  it('filters by queue, state, ordering key and time', async () => {
    const other = await producer.tenant();
    await producer.call('POST', '/v1/jobs', { key: other.key, body: { queue: tenant.queue } });
    const plain = await post();
    const first = await post({ orderingKey: 'a/b' });
    const second = await post({ orderingKey: 'a/b' });
    const idsOf = async (query: string) => (await list(query)).items.map((job) => job.id);
    expect(await idsOf(`queue=${tenant.queue}`)).toEqual([second.id, first.id, plain.id]);
    expect(await idsOf('queue=elsewhere')).toEqual([]);
    expect(await idsOf('orderingKey=a%2Fb')).toEqual([second.id, first.id]);
    expect(await idsOf('state=held')).toEqual([second.id]);
    const { createdAt } = (await get(`/${first.id}`)).json<{ createdAt: string }>();
    const after = new Date(Date.parse(createdAt) - 60_000).toISOString();
    expect(await idsOf(`createdAfter=${after}`)).toHaveLength(3);
    expect(await idsOf(`createdAfter=${new Date(Date.parse(createdAt) + 60_000).toISOString()}`)).toEqual([]);
  });

  it.each(['limit=0', 'limit=201', 'state=broken', 'cursor=zzz', 'createdAfter=now', 'colour=red'])(
    'refuses ?%s',
    async (query) => {
      const answer = await get(`?${query}`);
      expect([answer.statusCode, answer.json<{ code: string }>().code]).toEqual([400, 'invalid_request']);
    },
  );
});

it('advises who looks each second, and refuses nobody: people and tools look, too', async () => {
  const { id } = await post();
  const looks = [];
  for (let i = 0; i < 40; i++) looks.push(await get(`/${id}`));
  expect(looks.map(({ statusCode }) => statusCode)).toEqual(Array(40).fill(200));
  expect(looks[0]!.headers['baton-advice']).toBeUndefined();
  expect(looks[39]!.headers['baton-advice']).toMatch(/asked for 39 times .* "Prefer: wait=30"/);
});
