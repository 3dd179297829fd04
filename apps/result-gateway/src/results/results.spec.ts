import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { scopes, type OutcomeKind } from '@baton/contracts';
import { sharedTestStack } from '@baton/local-stack';
import { claimJobs, Notifier, registerWorker, settleBatch, type Settlement } from '@baton/persistence';
import {
  createTestDatabase,
  seedJobs,
  type SeededTenant,
  seedTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import {
  connectRedis,
  NotifyOutcomeFeed,
  type OutcomeFeed,
  RedisOutcomeFeed,
  WaitingRoom,
} from '@baton/results';
import { createLogger, createService, deriveJobTokenKey, newApiKey, signJobToken } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { AppModule } from '../app.module.js';

const masterKey = randomBytes(32);
const log = (): void => undefined;

it('serves the default tenant to anyone where AUTH=off', async () => {
  const test = await createTestDatabase();
  const config = { databaseUrl: test.url, auth: 'off' as const, masterKey };
  const logger = await createLogger({ service: 'test', level: 'silent', pretty: false });
  const app = await createService(AppModule.forRoot(config as Parameters<typeof AppModule.forRoot>[0]), {
    logger,
  });
  try {
    await app.listen(0, '127.0.0.1');
    const answer = await fetch(`${await app.getUrl()}/v1/results/${randomUUID()}`);
    expect(await answer.json()).toMatchObject({ code: 'not_found' });
  } finally {
    await app.close();
    await test.close();
  }
});

describe.each(['notify', 'redis'] as const)('results over %s', (over) => {
  let test: TestDatabase;
  let app: NestFastifyApplication;
  let feed: OutcomeFeed;
  let notifier: Notifier;
  let tenant: SeededTenant;
  let url: string;
  let key: string;

  beforeAll(async () => {
    test = await createTestDatabase();
    const redisUrl = over === 'redis' ? (await sharedTestStack({ redis: true })).redisUrl : undefined;
    const config = { databaseUrl: test.url, redisUrl, auth: 'keys' as const, masterKey } as Parameters<
      typeof AppModule.forRoot
    >[0];
    app = await createService(AppModule.forRoot(config), {
      logger: await createLogger({ service: 'test', level: 'silent', pretty: false }),
    });
    await app.listen(0, '127.0.0.1');
    url = await app.getUrl();
    notifier = new Notifier(test.url, { applicationName: 'test', log });
    feed =
      redisUrl === undefined
        ? new NotifyOutcomeFeed(notifier)
        : new RedisOutcomeFeed(connectRedis(redisUrl, log), log);
  });
  afterAll(async () => {
    await app.close();
    await feed.close();
    await notifier.close();
    await test.close();
  });
  beforeEach(async () => {
    tenant = await seedTenant(test.database);
    key = await newKey(tenant.tenantId);
  });

  async function newKey(tenantId: string): Promise<string> {
    const { key, hash, prefix } = newApiKey();
    await test.database.pool.query(
      'INSERT INTO baton.api_key (id, tenant_id, name, prefix, hash, scopes) VALUES ($1, $2, $3, $4, $5, $6)',
      [randomUUID(), tenantId, 'test', prefix, hash, [...scopes]],
    );
    return key;
  }

  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}`, ...headers } });

  async function end(kind: OutcomeKind, more: Partial<Settlement> = {}): Promise<void> {
    const workerId = randomUUID();
    await registerWorker(test.database.pool, {
      id: workerId,
      source: 'polling',
      host: 'test',
      pid: 1,
      queues: [tenant.queue],
    });
    const [job] = await claimJobs(test.database.pool, {
      workerId,
      queues: [tenant.queue],
      executionIds: [randomUUID()],
      extendLease: true,
    });
    const { jobId, attempt, executionId, tenantId, queue } = job!;
    const said = {
      jobId,
      attempt,
      executionId,
      workerId,
      tenantId,
      queue,
      orderingKey: undefined,
      kind,
      startedAtMs: 0,
      finishedAtMs: 0,
      ...more,
    };
    const { settled } = await settleBatch(test.database.pool, [said]);
    await feed.publish(settled.flatMap((s) => (s.terminal ? [s.terminal] : [])));
  }

  async function waiting(): Promise<void> {
    const room = app.get<unknown>(WaitingRoom) as { byJob: Map<string, unknown> };
    while (room.byJob.size === 0) await new Promise((resolve) => setImmediate(resolve));
  }

  it('answers 202 until the job has settled, then its result, and 304 to who has it', async () => {
    const [id] = await seedJobs(test.database, tenant, [{}]);
    const early = await get(`/v1/results/${id}`);
    expect(early.status).toBe(202);
    expect(early.headers.get('retry-after')).toBe('1');
    expect(await early.json()).toEqual({ id, state: 'queued', cursor: '0:2' });
    expect((await get(`/v1/results/${id!.toUpperCase()}`)).status).toBe(202);
    await end('succeeded', { result: { kind: 'json', json: '{"n":1,"z":"a\\u0000b"}' } });
    const late = await get(`/v1/results/${id}`);
    expect(late.status).toBe(200);
    expect(await late.json()).toMatchObject({
      id,
      state: 'succeeded',
      result: { n: 1, z: 'a\0b' },
      attempt: 1,
      cursor: '0:4',
    });
    expect((await get(`/v1/results/${id}`, { 'if-none-match': late.headers.get('etag')! })).status).toBe(304);
  });

  it('holds a request and answers at once when the job settles', async () => {
    const [id] = await seedJobs(test.database, tenant, [{}]);
    const held = get(`/v1/results/${id}`, { prefer: 'wait=20' });
    await waiting();
    const began = Date.now();
    await end('succeeded', { result: { kind: 'json', json: '"done"' } });
    const answer = await held;
    expect(answer.status).toBe(200);
    expect(await answer.json()).toMatchObject({ result: 'done' });
    expect(Date.now() - began).toBeLessThan(3_000);
  });

  it('answers 202 when the hold is over', async () => {
    const [id] = await seedJobs(test.database, tenant, [{}]);
    const answer = await get(`/v1/results/${id}`, { prefer: 'wait=1' });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('preference-applied')).toBe('wait=1');
  });

  it('says why a dead or cancelled job has no result', async () => {
    const [dead] = await seedJobs(test.database, tenant, [{ maxAttempts: 1 }]);
    await end('failed', { error: { code: 'handler_error', message: 'no such image', retryable: true } });
    const answer = await get(`/v1/results/${dead}`);
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({
      code: 'job_dead',
      detail: expect.stringContaining('no such image') as string,
    });
    const [cancelled] = await seedJobs(test.database, tenant, [{}]);
    await end('cancelled');
    expect(await (await get(`/v1/results/${cancelled}`)).json()).toMatchObject({ code: 'job_cancelled' });
  });

  it('gives a file by a signed link, and its bytes to who accepts its type', async () => {
    const bytes = randomBytes(1_000);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const [id] = await seedJobs(test.database, tenant, [{}]);
    await end('succeeded', {
      result: { kind: 'file', bytes, mediaType: 'image/webp', name: 'ä "b".webp', sha256, size: 1_000 },
    });
    const { result } = (await (await get(`/v1/results/${id}`)).json()) as {
      result: { file: { url: string; size: number } };
    };
    expect(result.file).toMatchObject({ size: 1_000, mediaType: 'image/webp', sha256 });
    const file = await fetch(result.file.url);
    expect(file.headers.get('content-disposition')).toMatch(/^attachment; filename\*=UTF-8''/);
    expect(Buffer.from(await file.arrayBuffer())).toEqual(bytes);
    expect((await fetch(result.file.url.replace(/.$/, '!'))).status).toBe(401);
    const direct = await get(`/v1/results/${id}`, { accept: 'image/webp' });
    expect(Buffer.from(await direct.arrayBuffer())).toEqual(bytes);
  });

  it('knows no job of another tenant, and no unknown one, held or not', async () => {
    const [id] = await seedJobs(test.database, await seedTenant(test.database), [{}]);
    for (const path of [`/v1/results/${id}`, `/v1/results/${randomUUID()}`]) {
      expect((await get(path)).status).toBe(404);
      expect(await (await get(path, { prefer: 'wait=20' })).json()).toMatchObject({ code: 'not_found' });
    }
    expect(await (await get('/v1/results/nonsense')).json()).toMatchObject({ code: 'invalid_request' });
  });

  it('takes the token of that one job', async () => {
    const [id, other] = await seedJobs(test.database, tenant, [{}, {}]);
    const token = signJobToken(deriveJobTokenKey(masterKey), { jobId: id!, tenantId: tenant.tenantId });
    expect((await get(`/v1/results/${id}`, { authorization: `Bearer ${token}` })).status).toBe(202);
    expect((await get(`/v1/results/${other}`, { authorization: `Bearer ${token}` })).status).toBe(401);
  });

  it('refuses the 101st held request of a key, and lets all go when it drains', async () => {
    const [id] = await seedJobs(test.database, tenant, [{}]);
    const held = Array.from({ length: 101 }, () => get(`/v1/results/${id}`, { prefer: 'wait=50' }));
    const refused = await Promise.any(
      held.map(async (answer) =>
        (await answer).status === 429 ? answer : Promise.reject(new Error('held')),
      ),
    );
    expect(refused.headers.get('retry-after')).toBe('1');
    app.get(WaitingRoom).drain();
    const statuses = (await Promise.all(held)).map((answer) => answer.status);
    expect(statuses.filter((status) => status === 202)).toHaveLength(100);
    (app.get<unknown>(WaitingRoom) as { closed: boolean }).closed = false;
  });

  it('learns from ends when to come again, and throttles who comes each second all the same', async () => {
    const [id] = await seedJobs(test.database, tenant, [{}]);
    await test.database.pool.query(
      `UPDATE baton.job SET queued_at = queued_at - interval '20 s' WHERE id = $1`,
      [id],
    );
    await end('succeeded', { result: { kind: 'json', json: '1' } });
    expect((await get(`/v1/results/${id}`)).status).toBe(200);
    const [next] = await seedJobs(test.database, tenant, [{}]);
    const polls: Response[] = [];
    for (let i = 0; i < 31; i++) polls.push(await get(`/v1/results/${next}`));
    expect(Number(polls[0]!.headers.get('retry-after'))).toBeGreaterThanOrEqual(19);
    expect(polls[0]!.headers.get('baton-advice')).toBeNull();
    expect(polls[10]!.status).toBe(202);
    expect(polls[10]!.headers.get('baton-advice')).toMatch(/"Prefer: wait=30", or stream/);
    expect(polls[30]!.status).toBe(429);
    expect(await polls[30]!.json()).toMatchObject({ code: 'rate_limited' });
  });

  it('holds no request for longer than a minute, and says so', async () => {
    const [id] = await seedJobs(test.database, tenant, [{}]);
    await end('succeeded', { result: { kind: 'json', json: '1' } });
    expect((await get(`/v1/results/${id}`, { prefer: 'wait=86400' })).headers.get('baton-advice')).toMatch(
      /60 s at most/,
    );
  });

  it('ends the wait of a client that has gone', async () => {
    const [id] = await seedJobs(test.database, tenant, [{}]);
    const gone = new AbortController();
    const held = fetch(`${url}/v1/results/${id}`, {
      headers: { authorization: `Bearer ${key}`, prefer: 'wait=50' },
      signal: gone.signal,
    });
    await waiting();
    gone.abort();
    await expect(held).rejects.toThrow();
    const room = app.get<unknown>(WaitingRoom) as { byJob: Map<string, unknown> };
    while (room.byJob.size > 0) await new Promise((resolve) => setImmediate(resolve));
  });
});
