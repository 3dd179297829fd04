import { randomUUID } from 'node:crypto';
import { claimJobs, registerWorker, settleBatch, workOperation } from '@baton/persistence';
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

async function call(method: 'GET' | 'POST' | 'DELETE', url: string, body?: unknown, key = tenant.key) {
  const answer = await producer.call(method, url, { key, body });
  return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
}

const dead = (path = '') => `/v1/queues/${tenant.queue}/dead${path}`;

/** A job that has failed for good. */
async function deadJob(
  code: 'handler_error' | 'timeout' = 'handler_error',
  more: object = {},
): Promise<string> {
  const { pool } = producer.test.database;
  const { body } = await call('POST', '/v1/jobs', { queue: tenant.queue, payload: { n: 1 }, ...more });
  const workerId = randomUUID();
  const queues = [tenant.queue];
  await registerWorker(pool, { id: workerId, source: 'polling', host: 'here', pid: 1, queues });
  const [job] = await claimJobs(pool, { workerId, queues, executionIds: [randomUUID()], extendLease: true });
  const { jobId, attempt, executionId, tenantId, queue } = job!;
  const error = { code, message: 'no', retryable: false };
  const ids = { jobId, attempt, executionId, workerId, tenantId, queue, orderingKey: undefined };
  await settleBatch(pool, [{ ...ids, kind: 'failed', startedAtMs: Date.now(), error }]);
  return body['id'] as string;
}

async function finish(): Promise<void> {
  while (await workOperation(producer.test.database.pool)) await producer.test.shiftClock(1_000);
}

it('lists dead jobs by cursor, by their error and by when they died', async () => {
  const ids = [await deadJob(), await deadJob('timeout'), await deadJob()];
  const idsOf = ({ body }: { body: Record<string, unknown> }) =>
    (body['items'] as { id: string; state: string }[]).map((job) => job.id);
  const first = await call('GET', dead('?limit=2'));
  expect(idsOf(first)).toEqual([ids[2], ids[1]]);
  expect(idsOf(await call('GET', dead(`?limit=2&cursor=${String(first.body['nextCursor'])}`)))).toEqual([
    ids[0],
  ]);
  expect(idsOf(await call('GET', dead('?code=timeout')))).toEqual([ids[1]]);
  const { body } = await call('GET', `/v1/jobs/${ids[0]!}`);
  const at = encodeURIComponent(new Date(Date.parse(body['finishedAt'] as string) + 60_000).toISOString());
  expect(idsOf(await call('GET', dead(`?after=${at}`)))).toEqual([]);
  expect(idsOf(await call('GET', dead(`?before=${at}`)))).toHaveLength(3);
  const other = await producer.tenant();
  expect(idsOf(await call('GET', dead(), undefined, other.key))).toEqual([]);
  expect(await call('GET', '/v1/queues/nowhere/dead')).toMatchObject({
    status: 404,
    body: { code: 'unknown_queue' },
  });
});

it('does not replay one while another is unique by the same', async () => {
  const unique = { key: 'k' };
  const id = await deadJob('handler_error', { unique });
  const other = await call('POST', '/v1/jobs', { queue: tenant.queue, payload: 1, unique });
  expect(other.status).toBe(202);
  const refused = await call('POST', `/v1/jobs/${id}/retry`);
  expect(refused).toMatchObject({ status: 409, body: { code: 'unique_conflict' } });
  expect(refused.body['detail']).toContain(other.body['id']);
  const many = await call('POST', dead('/replay'), { ids: [id] });
  expect(many.status).toBe(202);
  await finish();
  expect((await call('GET', `/v1/jobs/${id}`)).body).toMatchObject({ state: 'dead' });
});

it('replays one by its id, which is refused for what is not dead', async () => {
  const id = await deadJob();
  expect(await call('POST', `/v1/jobs/${id}/retry`)).toMatchObject({
    status: 202,
    body: {
      id,
      state: 'scheduled',
      generation: 1,
      failures: 0,
      attempts: [{ attempt: 1, outcome: 'failed' }],
    },
  });
  expect(await call('POST', `/v1/jobs/${id}/retry`)).toMatchObject({
    status: 409,
    body: { code: 'state_conflict', detail: expect.stringContaining('is scheduled') as string },
  });
  expect(await call('POST', `/v1/jobs/${randomUUID()}/retry`)).toMatchObject({ status: 404 });
});

it('replays one that has just died, when the end of its log is published', async () => {
  const { pool } = producer.test.database;
  const id = await deadJob();
  await pool.query('INSERT INTO baton.event_cursor (job_id, generation) VALUES ($1, 0)', [id]);
  // Who asks for the table's lock gets it in turn: the replay looks, and only then is published what it has missed.
  const [before, publisher] = [await pool.connect(), await pool.connect()];
  try {
    const take = 'BEGIN; LOCK TABLE baton.event_cursor';
    await before.query(take);
    const replay = call('POST', `/v1/jobs/${id}/retry`);
    await waiting(1);
    const published = publisher.query(`${take}; DELETE FROM baton.event_cursor; COMMIT`);
    await waiting(2);
    await before.query('COMMIT');
    await published;
    expect(await replay).toMatchObject({ status: 202, body: { id, generation: 1 } });
  } finally {
    before.release();
    publisher.release();
  }
});

/** Until so many sessions wait for the lock of the table of cursors. */
async function waiting(sessions: number): Promise<void> {
  const text = `SELECT FROM pg_locks WHERE relation = 'baton.event_cursor'::regclass AND NOT granted`;
  while ((await producer.test.database.pool.query(text)).rowCount !== sessions)
    await new Promise((resolve) => setImmediate(resolve));
}

it('replays one with another payload, kept as it was sent', async () => {
  const id = await deadJob();
  const body = `{"ids": ["${id}"], "payload": {"n":  2.0}}`;
  const answer = await producer.call('POST', dead('/replay'), { key: tenant.key, body });
  expect(answer.statusCode).toBe(202);
  expect(answer.payload).toContain('"payload":{"n":  2.0}');
  const again = await producer.call('POST', dead('/replay'), { key: tenant.key, body });
  expect(again.statusCode).toBe(409);
});

it('another payload must fit the schema of the queue', async () => {
  const id = await deadJob();
  await producer.call('PATCH', `/v1/queues/${tenant.queue}`, {
    key: tenant.key,
    body: { schema: { properties: { n: { type: 'integer' } } } },
  });
  expect(await call('POST', dead('/replay'), { ids: [id], payload: { n: 'two' } })).toMatchObject({
    status: 422,
    body: { code: 'payload_invalid', errors: [{ path: 'payload.n' }] },
  });
  expect(await call('POST', dead('/replay'), { ids: [id], payload: { n: 2 } })).toMatchObject({
    status: 202,
  });
});

it('replays many by an operation', async () => {
  const [first, second, third] = [await deadJob(), await deadJob('timeout'), await deadJob()];
  const begun = await call('POST', dead('/replay'), { filter: { code: 'timeout' } });
  expect(begun).toMatchObject({
    status: 202,
    body: { kind: 'replay', ratePerSecond: 100, state: 'running' },
  });
  await finish();
  expect(await call('GET', `/v1/operations/${String(begun.body['id'])}`)).toMatchObject({
    body: { state: 'finished', done: 1 },
  });
  expect(await call('GET', `/v1/jobs/${second}`)).toMatchObject({ body: { state: 'scheduled' } });
  await call('POST', dead('/replay'), { ids: [first, third] });
  await finish();
  expect(await call('GET', dead())).toMatchObject({ body: { items: [] } });
});

it('purges', async () => {
  const [one, two] = [await deadJob(), await deadJob()];
  const begun = await call('DELETE', dead(), { ids: [one] });
  expect(begun).toMatchObject({ status: 202, body: { kind: 'purge', total: 1, filter: { ids: 1 } } });
  await finish();
  expect(await call('GET', `/v1/jobs/${one}`)).toMatchObject({ status: 404 });
  expect(await call('GET', `/v1/jobs/${two}`)).toMatchObject({ status: 200 });
});

it.each([
  {},
  { ids: [], filter: undefined },
  { ids: [randomUUID()], filter: {} },
  { filter: {}, payload: 1 },
  { ids: [randomUUID(), randomUUID()], payload: 1 },
  { filter: { state: 'dead' } },
  { filter: {}, ratePerSecond: 0 },
])('refuses to replay %j', async (body) => {
  expect(await call('POST', dead('/replay'), body)).toMatchObject({
    status: 400,
    body: { code: 'invalid_request' },
  });
});
