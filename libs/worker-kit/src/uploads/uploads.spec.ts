import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { sealedKey } from '@baton/objects';
import { testObjects, type TestObjects } from '@baton/objects/testing';
import { StoredUploads } from './stored-uploads.js';
import { type UploadSource, uploadOf } from './upload.js';

let s3: TestObjects;
beforeAll(async () => {
  s3 = await testObjects();
});
afterAll(() => s3.close());

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const mediaType = 'application/octet-stream';
const { signal } = new AbortController();

function open(value: unknown, source: UploadSource | undefined, tenantId: string) {
  return uploadOf(value, { source, tenantId, signal: () => signal });
}

async function sealed(bytes: Buffer) {
  const [tenantId, id, seal] = [randomUUID(), randomUUID(), randomUUID()];
  await s3.objects.put(sealedKey({ tenantId, id, seal }), bytes, { mediaType });
  const reference = { $upload: id, seal, place: 's3', size: bytes.length, sha256: sha256(bytes) };
  return { tenantId, reference };
}

it('is read as a stream or whole, as often as one likes', async () => {
  const bytes = Buffer.from('a large input');
  const { tenantId, reference } = await sealed(bytes);
  const upload = open(reference, new StoredUploads(s3.objects), tenantId);
  expect(upload).toMatchObject({ size: 13, sha256: sha256(bytes) });
  expect(await text(await upload.stream())).toBe('a large input');
  expect(await upload.bytes()).toEqual(bytes);
  await expect(upload.bytes(12)).rejects.toThrow(RangeError);
});

it('is what was accepted, or fails', async () => {
  const { tenantId, reference } = await sealed(randomBytes(100));
  const other = { ...reference, sha256: sha256(randomBytes(100)) };
  await expect(open(other, new StoredUploads(s3.objects), tenantId).bytes()).rejects.toThrow(/have the hash/);
});

it('of another tenant is not there, whatever the payload says', async () => {
  const { reference } = await sealed(randomBytes(10));
  const stranger = open(reference, new StoredUploads(s3.objects), randomUUID());
  await expect(stranger.stream()).rejects.toMatchObject({ code: 'not_found' });
});

it('lies in PostgreSQL for polling workers alone, and says what is missing elsewhere', async () => {
  const [tenantId, id] = [randomUUID(), randomUUID()];
  const reference = { $upload: id, seal: randomUUID(), place: 'postgresql', size: 1 };
  const polling = new StoredUploads(undefined, async (of, which) =>
    of === tenantId && which === id ? Buffer.from('x') : undefined,
  );
  expect(await open(reference, polling, tenantId).bytes()).toEqual(Buffer.from('x'));
  await expect(open(reference, polling, randomUUID()).bytes()).rejects.toMatchObject({ code: 'not_found' });
  const needs = { code: 'needs_objects', retryable: false };
  const event = new StoredUploads(s3.objects);
  await expect(open(reference, event, tenantId).bytes()).rejects.toMatchObject(needs);
  const inS3 = { ...reference, place: 's3' };
  await expect(open(inS3, polling, tenantId).bytes()).rejects.toMatchObject(needs);
  await expect(open(inS3, undefined, tenantId).bytes()).rejects.toMatchObject(needs);
});

it('is named in one way only, and sealed by the API', async () => {
  for (const wrong of [null, 'x', {}, { $upload: 'x' }, { $upload: randomUUID(), key: 'k' }])
    expect(() => open(wrong, undefined, randomUUID())).toThrow(/names no upload/);
  const unsealed = open({ $upload: randomUUID() }, new StoredUploads(s3.objects), randomUUID());
  await expect(unsealed.bytes()).rejects.toMatchObject({ code: 'payload_invalid' });
});
