import { createHash, randomBytes } from 'node:crypto';
import type { BatonClient, FileResult } from '@baton/client';
import { type DispatchMode, dispatchModes } from '@baton/contracts';
import sharp from 'sharp';
import { Fleet } from './harness/fleet.js';
import { until } from './harness/until.js';

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;

beforeAll(async () => {
  fleet = await Fleet.start({ s3: true });
  ({ client, apiKey } = await fleet.tenant());
});
afterAll(() => fleet?.stop());

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** A picture of noise, which no format makes small. */
const noise = (side: number): Promise<Buffer> =>
  sharp(randomBytes(side * side * 3), { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toBuffer();

async function upload(bytes: Buffer): Promise<string> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const answer = await fetch(`${fleet.the('producer').url}/v1/uploads`, { method: 'POST', headers });
  const { id, url } = (await answer.json()) as { id: string; url: string };
  const put = await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) });
  expect(put.status).toBe(200);
  return id;
}

describe.each(dispatchModes)('%s', (mode: DispatchMode) => {
  beforeAll(() => fleet.setMode(apiKey, 'render', mode));

  it('makes a real image of an upload, both of them in S3', async () => {
    const source = { $upload: await upload(await noise(600)) };
    const job = await client.enqueue('render', { source, width: 500, height: 500, format: 'png' });
    const { file } = (await client.wait(job, { timeoutMs: 20_000 })) as FileResult;
    expect(new URL(file.url).origin).toBe(new URL(fleet.stack.s3!.endpoint).origin);
    const answer = await fetch(file.url);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.length).toBe(file.size);
    expect(file.size).toBeGreaterThan(512 * 1024);
    expect(sha256(bytes)).toBe(file.sha256);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 500, height: 500 });
  });

  it('loses no job while S3 is down, says so, and goes on when it is back', async () => {
    const source = { $upload: await upload(await noise(600)) };
    const patient = { maxAttempts: 100, backoff: { type: 'fixed' as const, delay: 500 } };
    const picture = { source, width: 550, height: 550 };
    await client.wait(await client.enqueue('render', picture));
    const s3 = fleet.stack.server('s3');
    await s3.stop();
    const job = await client.enqueue('render', picture, patient); // its upload was sealed before
    const failed = async (): Promise<boolean> => Number((await client.job(job.id))['failures']) > 0;
    await until(failed, { ms: 30_000, what: () => 'an attempt to fail' });
    const away = expect.objectContaining({
      code: 'unavailable',
      message: expect.stringContaining('S3 is not reachable') as string,
    }) as unknown;
    expect((await client.job(job.id))['attempts']).toContainEqual(expect.objectContaining({ error: away }));
    await s3.start();
    const { file } = (await client.wait(job, { timeoutMs: 60_000 })) as FileResult;
    expect((await fetch(file.url)).status).toBe(200);
  });

  it('finds results in PostgreSQL and S3 when Redis was flushed and restarted', async () => {
    const source = { $upload: await upload(await noise(600)) };
    const jobs = [
      await client.enqueue('render', { source, width: 500, height: 500 }),
      await client.enqueue('render', { source, width: 20, height: 20 }),
    ];
    const before = (await Promise.all(jobs.map((job) => client.wait(job)))) as FileResult[];
    const redis = fleet.stack.server('redis');
    await redis.kill();
    await redis.start();
    const after = (await Promise.all(jobs.map((job) => client.wait(job)))) as FileResult[];
    for (const [i, { file }] of after.entries()) {
      expect(file.sha256).toBe(before[i]!.file.sha256);
      expect(sha256(Buffer.from(await (await fetch(file.url)).arrayBuffer()))).toBe(file.sha256);
    }
  });
});
