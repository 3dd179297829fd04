import { createHash, randomBytes } from 'node:crypto';
import { resultKey } from '@baton/objects';
import { outageOf, testObjects, type Outage, type TestObjects } from '@baton/objects/testing';
import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { keyFor, startGateway, TestWorker } from '../testing/test-gateway.js';

const mediaType = 'application/octet-stream';

let test: TestDatabase;
let s3: TestObjects;
let outage: Outage;
let app: NestFastifyApplication;
let url: string;
let worker: TestWorker;
let tenant: SeededTenant;
let key: string;

beforeAll(async () => {
  [test, s3] = await Promise.all([createTestDatabase(), testObjects()]);
  outage = await outageOf(s3.settings.endpoint);
  ({ app, url } = await startGateway(test, { s3: { ...s3.settings, endpoint: outage.url } }));
  worker = new TestWorker(test);
});
afterAll(async () => {
  await app.close();
  await worker.close();
  await test.close();
  await outage.begin();
  s3.close();
});
beforeEach(async () => {
  tenant = await seedTenant(test.database);
  key = await keyFor(test, tenant.tenantId);
});
afterEach(() => test.database.pool.query(`UPDATE baton.clock SET shift = '0'`));

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}${path}`, { headers: { authorization: `Bearer ${key}`, ...headers } });

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const hashOf = async (answer: Response): Promise<string> => hash(Buffer.from(await answer.arrayBuffer()));

interface FileBody {
  result: { file: { url: string; size: number; sha256: string; expiresAt: string } };
}

/** A job whose worker has put its file into S3. */
async function storedJob(
  bytes: Buffer,
  name = 'ä.bin',
): Promise<{ id: string; key: string; sha256: string }> {
  const [id] = await seedJobs(test.database, tenant, [{}]);
  const job = await worker.claim(tenant);
  const file = { mediaType, name, ...(await s3.objects.put(resultKey(job), bytes, { mediaType })) };
  await worker.say(job, 'succeeded', { result: { kind: 'file', key: resultKey(job), ...file } });
  return { id: id!, key: resultKey(job), sha256: file.sha256 };
}

it('links to S3 itself for a while, and sends the bytes to who accepts their type', async () => {
  const bytes = randomBytes(700_000);
  const { id, sha256 } = await storedJob(bytes);
  expect(sha256).toBe(hash(bytes));
  const answer = await get(`/v1/results/${id}`);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('etag')).toBeNull();
  const { file } = ((await answer.json()) as FileBody).result;
  expect(file).toMatchObject({ mediaType, name: 'ä.bin', size: 700_000, sha256 });
  expect(new URL(file.url).origin).toBe(outage.url);
  expect(Date.parse(file.expiresAt) - Date.now()).toBeLessThanOrEqual(15 * 60_000);
  const linked = await fetch(file.url);
  expect(linked.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%C3%A4.bin");
  expect(await hashOf(linked)).toBe(sha256);
  const direct = await get(`/v1/results/${id}`, { accept: mediaType });
  expect(direct.headers.get('content-length')).toBe('700000');
  expect(direct.headers.get('content-disposition')).toMatch(/^attachment/);
  expect(await hashOf(direct)).toBe(sha256);
});

it('knows no file of another tenant', async () => {
  const { id } = await storedJob(randomBytes(10));
  const stranger = await keyFor(test, (await seedTenant(test.database)).tenantId);
  for (const accept of ['*/*', mediaType])
    expect((await get(`/v1/results/${id}`, { authorization: `Bearer ${stranger}`, accept })).status).toBe(
      404,
    );
});

it('says so when the result is not kept any more', async () => {
  const { id } = await storedJob(randomBytes(10));
  await test.database.pool.query(`UPDATE baton.clock SET shift = '23 hours 59 minutes'`);
  expect((await get(`/v1/results/${id}`)).status).toBe(200);
  await test.database.pool.query(`UPDATE baton.clock SET shift = '24 hours 1 minute'`);
  for (const accept of ['*/*', mediaType]) {
    const gone = await get(`/v1/results/${id}`, { accept });
    expect(gone.status).toBe(410);
    expect(await gone.json()).toMatchObject({ code: 'result_expired' });
  }
});

it('says that S3 is away, still gives links meanwhile, and sends again when it is back', async () => {
  const { id } = await storedJob(randomBytes(10));
  await outage.begin();
  try {
    const away = await get(`/v1/results/${id}`, { accept: mediaType });
    expect(away.status).toBe(503);
    expect(await away.json()).toMatchObject({
      code: 'unavailable',
      detail: expect.stringContaining('S3 is not reachable') as string,
    });
    expect((await get(`/v1/results/${id}`)).status).toBe(200);
  } finally {
    await outage.end();
  }
  expect((await get(`/v1/results/${id}`, { accept: mediaType })).status).toBe(200);
});

it('gives a file of PostgreSQL by its own link, without reading it before', async () => {
  const bytes = randomBytes(2_000_000);
  const [id] = await seedJobs(test.database, tenant, [{}]);
  const job = await worker.claim(tenant);
  const sha256 = hash(bytes);
  await worker.say(job, 'succeeded', {
    result: { kind: 'file', mediaType, name: 'x', sha256, size: bytes.length, bytes },
  });
  const { file } = ((await (await get(`/v1/results/${id}`)).json()) as FileBody).result;
  expect(new URL(file.url).origin).toBe(url);
  expect(await hashOf(await fetch(file.url))).toBe(sha256);
});
