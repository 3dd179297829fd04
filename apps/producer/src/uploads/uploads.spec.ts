import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { limits } from '@baton/contracts';
import { sealedKey } from '@baton/objects';
import { outageOf, testObjects, type Outage, type TestObjects } from '@baton/objects/testing';
import { sweepUploads } from '@baton/persistence';
import type { SeededTenant } from '@baton/persistence/testing';
import { TestProducer } from '../testing/test-producer.js';

type Tenant = SeededTenant & { key: string };
interface Place {
  id: string;
  url: string;
  expiresAt: string;
  maxBytes: number;
}
interface Sealed {
  $upload: string;
  seal: string;
  place: string;
  size: number;
  sha256: string;
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

let s3: TestObjects;
let outage: Outage;
beforeAll(async () => {
  s3 = await testObjects();
  outage = await outageOf(s3.settings.endpoint);
});
afterAll(async () => {
  await outage.begin();
  s3.close();
});

describe.each(['s3', 'postgresql'] as const)('uploads in %s', (where) => {
  let producer: TestProducer;
  let tenant: Tenant;
  beforeAll(async () => {
    const settings = { ...s3.settings, endpoint: outage.url };
    producer = await TestProducer.start(where === 's3' ? { s3: settings } : {});
  });
  afterAll(() => producer.close());
  beforeEach(async () => {
    tenant = await producer.tenant();
  });
  afterEach(() => producer.test.database.pool.query(`UPDATE baton.clock SET shift = '0'`));

  const place = async ({ key } = tenant): Promise<Place> => {
    const answer = await producer.call('POST', '/v1/uploads', { key });
    expect(answer.statusCode).toBe(201);
    return answer.json();
  };
  const put = async ({ url }: Place, bytes: Buffer): Promise<number> => {
    if (where === 's3') return (await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) })).status;
    const path = new URL(url).pathname + new URL(url).search;
    const headers = { 'content-type': 'application/octet-stream' };
    return (await producer.call('PUT', path, { body: bytes, headers })).statusCode;
  };
  const post = (payload: unknown, { key, queue } = tenant) =>
    producer.call('POST', '/v1/jobs', { key, body: { queue, payload } });
  const read = async (sealed: Sealed): Promise<Buffer> => {
    if (where === 's3') {
      const key = sealedKey({ tenantId: tenant.tenantId, id: sealed.$upload, seal: sealed.seal });
      return buffer((await s3.objects.open(key))!.body);
    }
    const { rows } = await producer.test.database.pool.query<{ body: Buffer }>(
      'SELECT body FROM baton.upload WHERE id = $1',
      [sealed.$upload],
    );
    return rows[0]!.body;
  };

  it('are put once, named anywhere, and sealed when the job is accepted', async () => {
    const bytes = randomBytes(300_000);
    const made = await place();
    expect(made.maxBytes).toBe(where === 's3' ? limits.uploadBytes : limits.postgresFileBytes);
    expect(Date.parse(made.expiresAt) - Date.now()).toBeLessThanOrEqual(limits.uploadMs);
    expect(await put(made, bytes)).toBe(200);
    const text = `{"queue":"${tenant.queue}","payload":{"n": 1.0, "big":12345678901234567890, "list":[{"deep":{"$upload":"${made.id}"}}]}}`;
    const answer = await producer.call('POST', '/v1/jobs', { key: tenant.key, body: text });
    expect(answer.statusCode).toBe(202);
    expect(answer.body).toContain('{"n": 1.0, "big":12345678901234567890, ');
    const { payload } = answer.json<{ payload: { list: [{ deep: Sealed }] } }>();
    const { deep } = payload.list[0];
    expect(deep).toMatchObject({ $upload: made.id, place: where, size: 300_000, sha256: sha256(bytes) });
    expect(sha256(await read(deep))).toBe(deep.sha256);
  });

  it('do not change after that, whatever the client puts, and are the same for the next job', async () => {
    const made = await place();
    const bytes = Buffer.from('what was accepted');
    await put(made, bytes);
    const first = (await post({ $upload: made.id })).json<{ payload: Sealed }>().payload;
    expect(await put(made, Buffer.from('something else'))).toBe(where === 's3' ? 200 : 409);
    expect((await read(first)).toString()).toBe('what was accepted');
    const second = (await post([{ $upload: made.id }])).json<{ payload: [Sealed] }>().payload[0];
    expect(second).toEqual(first);
  });

  it('of others, unknown or empty ones are refused', async () => {
    const made = await place();
    const early = await post({ a: { $upload: made.id } });
    expect(early.statusCode).toBe(409);
    expect(early.json()).toMatchObject({ code: 'state_conflict', errors: [{ path: 'payload.a' }] });
    await put(made, Buffer.from('mine'));
    const stranger = await post({ $upload: made.id }, await producer.tenant());
    expect(stranger.statusCode).toBe(404);
    expect((await post({ $upload: randomUUID() })).json()).toMatchObject({ code: 'not_found' });
    for (const wrong of [{ $upload: 'x' }, { $upload: made.id, key: 'results/1' }, { $upload: 1 }])
      expect((await post(wrong)).json()).toMatchObject({ code: 'invalid_request' });
    const [{ count }] = (
      await producer.test.database.pool.query<{ count: number }>(
        'SELECT count(*)::int FROM baton.job WHERE tenant_id = $1',
        [tenant.tenantId],
      )
    ).rows as [{ count: number }];
    expect(count).toBe(0);
  });

  it('live as long as the jobs that name them, and a day where none does', async () => {
    const { pool } = producer.test.database;
    const [named, unnamed] = [await place(), await place()];
    for (const each of [named, unnamed]) await put(each, randomBytes(10));
    const { id } = (await post({ $upload: named.id })).json<{ id: string }>();
    const left = async (): Promise<string[]> =>
      (
        await pool.query<{ id: string }>('SELECT id FROM baton.upload WHERE tenant_id = $1 ORDER BY id', [
          tenant.tenantId,
        ])
      ).rows.map((row) => row.id);
    const shift = (hours: number) => pool.query(`UPDATE baton.clock SET shift = '${hours} hours'`);
    await shift(23);
    await sweepUploads(pool, 1_000);
    expect(await left()).toEqual([named.id, unnamed.id].sort());
    await shift(25);
    await sweepUploads(pool, 1_000);
    expect(await left()).toEqual([named.id]);
    await pool.query('DELETE FROM baton.job WHERE id = $1', [id]);
    await sweepUploads(pool, 1_000);
    expect(await left()).toEqual([named.id]); // it was looked at just now
    await shift(50);
    await sweepUploads(pool, 1_000);
    expect(await left()).toEqual([]);
    expect((await pool.query('SELECT FROM baton.upload_use WHERE job_id = $1', [id])).rowCount).toBe(0);
  });

  it('are sealed in batches, streams of jobs and replays too, and have no place in a schedule', async () => {
    const { key, queue } = tenant;
    const made = await place();
    await put(made, Buffer.from('x'));
    const payload = { $upload: made.id };
    const batch = await producer.call('POST', '/v1/jobs/batch', {
      key,
      body: {
        jobs: [
          { queue, payload: 1 },
          { queue, payload },
        ],
      },
    });
    const lines = await producer.call('POST', '/v1/jobs/batch', {
      key,
      body: `${JSON.stringify({ queue, payload })}\n${JSON.stringify({ queue, payload: { $upload: randomUUID() } })}\n`,
      headers: { 'content-type': 'application/x-ndjson' },
    });
    const [line, refused] = lines.body.trim().split('\n');
    expect(JSON.parse(refused!)).toMatchObject({ line: 2, error: { code: 'not_found' } });
    const ids = [
      batch.json<{ items: { id: string }[] }>().items[1]!.id,
      (JSON.parse(line!) as { id: string }).id,
    ];
    for (const id of ids) {
      const job = await producer.call('GET', `/v1/jobs/${id}`, { key });
      expect(job.json()).toMatchObject({ payload: { $upload: made.id, sha256: sha256(Buffer.from('x')) } });
    }
    const uses = await producer.test.database.pool.query<{ job_id: string }>(
      'SELECT job_id FROM baton.upload_use WHERE upload_id = $1',
      [made.id],
    );
    expect(uses.rows.map((row) => row.job_id).sort()).toEqual(ids.sort());
    const schedule = await producer.call('PUT', '/v1/schedules/s', {
      key,
      body: { cron: '0 0 * * *', queue, payload },
    });
    expect(schedule.json()).toMatchObject({ code: 'invalid_request' });
  });

  it('of an event queue lie in S3, and no tenant has more than so many that wait', async () => {
    const { pool } = producer.test.database;
    const made = await place();
    await put(made, Buffer.from('x'));
    const answer = await producer.call('PATCH', `/v1/queues/${tenant.queue}`, {
      key: tenant.key,
      body: { dispatchMode: 'event' },
    });
    expect(answer.statusCode).toBe(200);
    const posted = await post({ $upload: made.id });
    if (where === 's3') expect(posted.statusCode).toBe(202);
    else expect(posted.json()).toMatchObject({ status: 422, code: 'needs_objects' });
    await pool.query(
      `INSERT INTO baton.upload (id, tenant_id) SELECT gen_random_uuid(), $1 FROM generate_series(1, $2)`,
      [tenant.tenantId, limits.openUploads],
    );
    const full = await producer.call('POST', '/v1/uploads', { key: tenant.key });
    expect(full.json()).toMatchObject({ status: 429, code: 'rate_limited' });
  });
});

it('says that S3 is away, accepts nothing meanwhile, and goes on when it is back', async () => {
  const producer = await TestProducer.start({ s3: { ...s3.settings, endpoint: outage.url } });
  const { key, queue } = await producer.tenant();
  const made = (await producer.call('POST', '/v1/uploads', { key })).json<Place>();
  await fetch(made.url, { method: 'PUT', body: 'x' });
  const body = { queue, payload: { $upload: made.id } };
  await outage.begin();
  const away = await producer.call('POST', '/v1/jobs', { key, body });
  expect(away.json()).toMatchObject({ status: 503, code: 'unavailable' });
  expect((await producer.call('POST', '/v1/jobs', { key, body: { queue, payload: 1 } })).statusCode).toBe(
    202,
  );
  await outage.end();
  expect((await producer.call('POST', '/v1/jobs', { key, body })).statusCode).toBe(202);
  await producer.close();
});

it('takes 8 MiB without S3 and no more, by a link that is signed', async () => {
  const producer = await TestProducer.start();
  const { key } = await producer.tenant();
  const { url } = (await producer.call('POST', '/v1/uploads', { key })).json<Place>();
  const path = new URL(url).pathname + new URL(url).search;
  const forged = await producer.call('PUT', path.replace(/.$/, '_'), { body: Buffer.from('x') });
  expect(forged.json()).toMatchObject({ status: 401, code: 'unauthenticated' });
  const headers = { 'content-type': 'image/png' };
  const large = await producer.call('PUT', path, {
    body: Buffer.alloc(limits.postgresFileBytes + 1),
    headers,
  });
  expect(large.json()).toMatchObject({ status: 413, code: 'payload_too_large' });
  const stranger = await producer.call('PUT', path.replace(/.$/, '_'), {
    body: Buffer.alloc(limits.postgresFileBytes + 1),
    headers,
  });
  expect(stranger.json()).toMatchObject({ code: 'unauthenticated' }); // nothing of it was read
  const whole = await producer.call('PUT', path, { body: Buffer.alloc(limits.postgresFileBytes), headers });
  expect(whole.statusCode).toBe(200);
  await producer.close();
});
