import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { sharedTestStack } from '@baton/local-stack';
import { resultKey, sealedKey, uploadKey } from '@baton/objects';
import { outageOf, testObjects, type Outage, type TestObjects } from '@baton/objects/testing';
import type { ClaimedJob } from '@baton/persistence';
import { seedJobs, seedTenant, useTestDatabase } from '@baton/persistence/testing';
import { connectRedis, HotResultReader, PostgresResultReader, RedisOutcomeFeed } from '@baton/results';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { keyFor, startGateway, TestWorker } from '../testing/test-gateway.js';
import { moveFiles } from './move-files.js';
import { TierKeeper } from './tier-keeper.js';

const mediaType = 'application/octet-stream';
const test = useTestDatabase();
const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let s3: TestObjects;
let outage: Outage;
let app: NestFastifyApplication;
let url: string;
let worker: TestWorker;
let key: string;

beforeAll(async () => {
  s3 = await testObjects();
  outage = await outageOf(s3.settings.endpoint);
  ({ app, url } = await startGateway(test, { s3: { ...s3.settings, endpoint: outage.url } }));
  worker = new TestWorker(test);
});
afterAll(async () => {
  await app.close();
  await worker.close();
  await outage.begin();
  s3.close();
});
beforeEach(async () => {
  key = await keyFor(test, test.tenant.tenantId);
});
afterEach(async () => {
  const { pool } = test.database;
  await pool.query(`UPDATE baton.clock SET shift = '0'`);
  await pool.query(`UPDATE baton.storage_pass SET due_at = '-infinity'`);
  await pool.query('UPDATE baton.job_history SET tier_at = NULL');
});

const call = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}${path}`, {
    ...init,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...init.headers },
  });
const bytesOf = async (id: string): Promise<string> => {
  const answer = await call(`/v1/results/${id}`, { headers: { accept: mediaType } });
  return answer.status === 200 ? hash(Buffer.from(await answer.arrayBuffer())) : `${answer.status}`;
};
const extend = (id: string, by: unknown) =>
  call(`/v1/results/${id}/extend`, { method: 'POST', body: JSON.stringify({ by }) });
const shift = (interval: string) =>
  test.database.pool.query('UPDATE baton.clock SET shift = $1::interval', [interval]);
const look = () => app.get(TierKeeper).look();
const placeOf = async (id: string) =>
  (
    await test.database.pool.query<{ inline: boolean; file_key: string | null }>(
      'SELECT file IS NOT NULL AS inline, file_key FROM baton.job_history WHERE id = $1',
      [id],
    )
  ).rows[0];

interface Ended {
  id: string;
  job: ClaimedJob;
  sha256: string;
}

/** A job whose file went with its outcome, or, large, to S3 at once. */
async function fileJob({ large = false } = {}): Promise<Ended> {
  const [id] = await seedJobs(test.database, test.tenant, [{}]);
  const job = await worker.claim(test.tenant);
  const bytes = randomBytes(1_000);
  const file = { kind: 'file', mediaType, name: 'x.bin', size: bytes.length, sha256: hash(bytes) } as const;
  if (large) await s3.objects.put(resultKey(job), bytes, { mediaType });
  const result = large ? { ...file, key: resultKey(job) } : { ...file, bytes };
  await worker.say(job, 'succeeded', { result });
  return { id: id!, job, sha256: file.sha256 };
}

async function eventTypes(id: string): Promise<string[]> {
  const answer = await call(`/v1/results/${id}/events`, { headers: { accept: 'application/json' } });
  return ((await answer.json()) as { items: { type: string }[] }).items.map(({ type }) => type);
}

it('move at the end of hot from PostgreSQL to S3, and go at the end of warm, announced before', async () => {
  const { id, job, sha256 } = await fileJob();
  await look();
  expect(await placeOf(id)).toEqual({ inline: true, file_key: null });
  await shift('61 minutes');
  await look();
  expect(await placeOf(id)).toEqual({ inline: false, file_key: resultKey(job) });
  expect(await bytesOf(id)).toBe(sha256);
  const cursor = ((await (await call(`/v1/results/${id}`)).json()) as { cursor: string }).cursor;

  await shift('24 hours 30 minutes');
  await look();
  await look();
  expect((await eventTypes(id)).filter((type) => type === 'result.expiring')).toHaveLength(1);
  expect(await bytesOf(id)).toBe(sha256);
  // What ended the job is where it was.
  expect(((await (await call(`/v1/results/${id}`)).json()) as { cursor: string }).cursor).toBe(cursor);

  await shift('25 hours 5 minutes');
  expect(await bytesOf(id)).toBe('410');
  await look();
  expect(await placeOf(id)).toEqual({ inline: false, file_key: null });
  expect(await s3.objects.size(resultKey(job))).toBe(1_000); // a link may be good still
  await shift('25 hours 30 minutes');
  await look();
  expect(await s3.objects.size(resultKey(job))).toBeUndefined();
  expect(await (await call(`/v1/results/${id}`)).json()).toMatchObject({ code: 'result_expired' });
});

it('are as long in each tier as their queue says', async () => {
  await test.database.pool.query(
    'UPDATE baton.queue SET results_hot_ms = 60000, results_warm_ms = 120000 WHERE name = $1',
    [test.tenant.queue],
  );
  const { id, job } = await fileJob();
  await shift('70 seconds');
  await look();
  expect(await placeOf(id)).toEqual({ inline: false, file_key: resultKey(job) });
  await shift('180 seconds');
  expect(await bytesOf(id)).not.toBe('410');
  await shift('200 seconds');
  expect(await bytesOf(id)).toBe('410');
});

it('are found by readers at every moment of a move', async () => {
  // One by one: each is claimed by whoever asks next.
  const files = [await fileJob(), await fileJob(), await fileJob()];
  await shift('61 minutes');
  const seen: string[][] = files.map(() => []);
  let moving = true;
  const readers = files.map(async ({ id }, i) => {
    while (moving) seen[i]!.push(await bytesOf(id));
  });
  for (const { id, job } of files) {
    await look();
    await test.database.pool.query(
      'UPDATE baton.job_history SET tier_at = baton.now() WHERE id = $1 AND file IS NOT NULL',
      [id],
    );
    expect(await placeOf(id)).toEqual({ inline: false, file_key: resultKey(job) });
  }
  moving = false;
  await Promise.all(readers);
  files.forEach(({ sha256 }, i) => expect(new Set(seen[i])).toEqual(new Set([sha256])));
});

it('stay where they are while S3 is away, and move when it is back', async () => {
  const { id, job, sha256 } = await fileJob();
  await shift('61 minutes');
  await outage.begin();
  await look();
  await outage.end();
  expect(await placeOf(id)).toEqual({ inline: true, file_key: null });
  expect(await bytesOf(id)).toBe(sha256);
  await shift('63 minutes');
  await look();
  expect(await placeOf(id)).toEqual({ inline: false, file_key: resultKey(job) });
});

it('need S3, which the gateway names among what it needs; it is ready without', async () => {
  interface Ready {
    status: string;
    checks: Record<string, { ok: boolean; required: boolean }>;
  }
  const ready = async (): Promise<Ready> => (await fetch(`${url}/readyz`)).json() as Promise<Ready>;
  expect((await ready()).checks).toMatchObject({
    postgresql: { ok: true },
    s3: { ok: true, required: false },
  });
  await outage.begin();
  let away = await ready();
  // What was found out is remembered for a second.
  for (; away.checks['s3']!.ok; away = await ready()) await new Promise((resolve) => setTimeout(resolve, 50));
  await outage.end();
  expect(away.status).toBe('ready');
});

it('are moved by one of several, and stay in PostgreSQL where there is no S3', async () => {
  const { id } = await fileJob();
  await shift('61 minutes');
  const { pool } = test.database;
  const fault = (error: Error): never => {
    throw error;
  };
  expect(await moveFiles(pool, undefined, fault)).toMatchObject({ moved: 0 });
  const both = await Promise.all([moveFiles(pool, s3.objects, fault), moveFiles(pool, s3.objects, fault)]);
  expect(both.map(({ moved }) => moved).sort()).toEqual([0, 1]);
  expect(await placeOf(id)).toMatchObject({ inline: false });
});

it('are kept for longer by request, and the row with them', async () => {
  const { id, sha256 } = await fileJob({ large: true });
  const answer = await extend(id, '48h');
  expect(answer.status).toBe(200);
  const { expiresAt } = (await answer.json()) as { expiresAt: string };
  expect(Math.round((Date.parse(expiresAt) - Date.now()) / 3_600_000)).toBe(72);
  await shift('71 hours');
  expect(await bytesOf(id)).toBe(sha256);
  const { rows } = await test.database.pool.query<{ kept: boolean }>(
    'SELECT drop_day >= result_until::date AND expires_at >= result_until AS kept FROM baton.job_history WHERE id = $1',
    [id],
  );
  expect(rows[0]).toEqual({ kept: true });
  await shift('73 hours');
  expect(await bytesOf(id)).toBe('410');
  expect(await (await extend(id, '1h')).json()).toMatchObject({ status: 410, code: 'result_expired' });
});

it('can be extended so far, where there are any, by their tenant alone; JSON too', async () => {
  const { id } = await fileJob();
  const month = (await (await extend(id, '30d')).json()) as { expiresAt: string };
  expect(Date.parse(month.expiresAt) - Date.now()).toBeLessThanOrEqual(30 * 86_400_000 + 5_000);
  expect(await (await extend(id, '31d')).json()).toMatchObject({ status: 400 });
  const [json] = await seedJobs(test.database, test.tenant, [{}]);
  expect(await (await extend(json!, '1h')).json()).toMatchObject({ code: 'state_conflict' });
  await worker.say(await worker.claim(test.tenant), 'succeeded', { result: { kind: 'json', json: '1' } });
  expect((await extend(json!, '1h')).status).toBe(200);
  await shift('24 hours 30 minutes');
  expect(await (await call(`/v1/results/${json}`)).json()).toMatchObject({ result: 1 });
  await shift('25 hours 30 minutes');
  expect((await call(`/v1/results/${json}`)).status).toBe(410);
  await shift('0');
  key = await keyFor(test, (await seedTenant(test.database)).tenantId);
  expect((await extend(id, '1h')).status).toBe(404);
  expect((await extend(randomUUID(), '1h')).status).toBe(404);
});

it('of executions that lost are collected, and no others', async () => {
  const winner = await fileJob({ large: true });
  const { jobId, attempt, executionId } = winner.job;
  const [running] = await seedJobs(test.database, test.tenant, [{}]);
  const claimed = await worker.claim(test.tenant);
  const put = (name: string) => s3.objects.put(name, Buffer.of(1), { mediaType });
  const [tenantId, upload] = [test.tenant.tenantId, randomUUID()];
  await test.database.pool.query('INSERT INTO baton.upload (id, tenant_id) VALUES ($1, $2)', [
    upload,
    tenantId,
  ]);
  const kept = [
    resultKey(winner.job),
    resultKey(claimed), // it may end with this file at any moment
    uploadKey({ tenantId, id: upload }),
    'results/not-one-of-ours',
  ];
  const lost = [
    resultKey({ jobId, attempt, executionId: randomUUID() }),
    resultKey({ ...claimed, executionId: randomUUID() }), // another execution owns the attempt
    resultKey({ jobId: running!, attempt: 0, executionId }),
    resultKey({ jobId: randomUUID(), attempt: 1, executionId }),
    uploadKey({ tenantId, id: randomUUID() }),
    sealedKey({ tenantId, id: upload, seal: randomUUID() }),
  ];
  for (const name of [...kept.slice(1), ...lost]) await put(name);
  await look();
  await shift('10 minutes');
  await look();
  expect(await s3.keys()).toEqual(expect.arrayContaining([...kept, ...lost]));
  await shift('25 minutes');
  await look();
  const left = await s3.keys();
  expect(left).toEqual(expect.arrayContaining(kept));
  for (const name of lost) expect(left).not.toContain(name);
  await worker.say(claimed, 'succeeded', { result: { kind: 'json', json: '1' } });
  await shift('90 minutes');
  await look();
  await shift('120 minutes');
  await look();
  expect(await s3.keys()).not.toContain(resultKey(claimed)); // it ended without it
  expect(await bytesOf(winner.id)).toBe(winner.sha256);
});

it('are found in PostgreSQL and S3 when Redis has lost its copies', async () => {
  const { redisUrl } = await sharedTestStack({ redis: true });
  const log = (): void => undefined;
  const redis = connectRedis(redisUrl, log);
  const reader = new HotResultReader(redis, new PostgresResultReader(test.database), log);
  const { id, sha256 } = await fileJob({ large: true });
  const settled = (await reader.read([id])).get(id);
  if (!settled?.terminal) throw new Error('it has not ended');
  await new RedisOutcomeFeed(redis, log).publish([settled.outcome]);
  expect((await reader.read([id])).get(id)).toMatchObject({ outcome: { result: { sha256, size: 1_000 } } });
  await redis.del(`baton:result:${id}`);
  expect((await reader.read([id])).get(id)).toMatchObject({ outcome: { result: { sha256, size: 1_000 } } });
  expect(await bytesOf(id)).toBe(sha256);
  await redis.quit();
});
