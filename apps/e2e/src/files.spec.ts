import { createHash, randomBytes } from 'node:crypto';
import type { BatonClient, FileResult } from '@baton/client';
import { type DispatchMode, dispatchModes } from '@baton/contracts';
import sharp from 'sharp';
import { Fleet } from './harness/fleet.js';

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
});
