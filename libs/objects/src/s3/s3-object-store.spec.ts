import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { BatonError } from '@baton/contracts';
import type { ObjectStore } from '../object-store.js';
import { testObjects, type TestObjects } from '../testing/test-objects.js';
import { openS3 } from './open-s3.js';

let test: TestObjects;
let objects: ObjectStore;
beforeAll(async () => {
  test = await testObjects();
  objects = test.objects;
});
afterAll(() => test.close());

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const mediaType = 'application/octet-stream';

async function read(key: string): Promise<Buffer> {
  const found = await objects.open(key);
  return buffer(found!.body);
}

it('keeps bytes and gives them back, copies and removes them', async () => {
  const bytes = randomBytes(1_000);
  expect(await objects.put('a/ä b', bytes, { mediaType })).toEqual({ size: 1_000, sha256: sha256(bytes) });
  expect(await read('a/ä b')).toEqual(bytes);
  expect(await objects.copy('a/ä b', 'a/copy')).toBe(true);
  expect(await objects.size('a/copy')).toBe(1_000);
  await objects.remove(['a/ä b', 'a/never']);
  expect(await objects.open('a/ä b')).toBeUndefined();
  expect(await objects.size('a/ä b')).toBeUndefined();
  expect(await objects.copy('a/ä b', 'a/other')).toBe(false);
  expect(await read('a/copy')).toEqual(bytes);
});

it('takes streams of any length, hashed on their way', async () => {
  const bytes = randomBytes(9 * 1024 * 1024);
  const chunks = Readable.from(
    (function* () {
      for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000);
    })(),
  );
  const stored = await objects.put('stream', chunks, { mediaType });
  expect(stored).toEqual({ size: bytes.length, sha256: sha256(bytes) });
  expect(sha256(await read('stream'))).toBe(stored.sha256);
  const empty = await objects.put('empty', Readable.from([]), { mediaType });
  expect(empty.size).toBe(0);
});

it('stores nothing of a stream that is too long, breaks or is ended', async () => {
  const broken = new Readable({ read() {} });
  const failing = objects.put('broken', broken, { mediaType });
  broken.push(randomBytes(1_000));
  broken.destroy(new Error('the source went away'));
  await expect(failing).rejects.toThrow(/the source went away/);
  const tooLong = Readable.from([randomBytes(10), randomBytes(10)]);
  await expect(objects.put('long', tooLong, { mediaType, most: 19 })).rejects.toMatchObject({
    code: 'payload_too_large',
  });
  const control = new AbortController();
  const endless = new Readable({ read: () => undefined });
  const ended = objects.put('ended', endless, { mediaType, signal: control.signal });
  control.abort(new Error('enough'));
  await expect(ended).rejects.toThrow('enough');
  for (const key of ['broken', 'long', 'ended']) expect(await objects.size(key)).toBeUndefined();
});

it('lists by page, in order', async () => {
  for (const key of ['list/1', 'list/2', 'list/3']) await objects.put(key, Buffer.of(1), { mediaType });
  const first = await objects.list('list/', { most: 2 });
  expect(first).toEqual({ keys: ['list/1', 'list/2'], next: 'list/2' });
  expect(await objects.list('list/', { most: 2, after: first.next })).toEqual({
    keys: ['list/3'],
    next: undefined,
  });
});

it('signs links that give an attachment, or take one object, for a while', async () => {
  await objects.put('linked', Buffer.from('hello'), { mediaType: 'text/html' });
  const link = await objects.linkTo('linked', {
    mediaType: 'text/html',
    name: "ä 'b'.html",
    validSeconds: 60,
  });
  const answer = await fetch(link);
  expect(await answer.text()).toBe('hello');
  expect(answer.headers.get('content-disposition')).toBe(
    "attachment; filename*=UTF-8''%C3%A4%20%27b%27.html",
  );
  expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
  expect((await fetch(link.replace(/X-Amz-Signature=./, 'X-Amz-Signature=_'))).status).toBe(403);
  const put = await objects.linkForPut('put', 60);
  expect((await fetch(put, { method: 'PUT', body: 'put by a client' })).status).toBe(200);
  expect((await read('put')).toString()).toBe('put by a client');
  expect((await fetch(put.replace('/put?', '/other?'), { method: 'PUT', body: 'x' })).status).toBe(403);
});

it('says that the store is away, or refuses', async () => {
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, '127.0.0.1', resolve));
  const { port } = closed.address() as { port: number };
  await new Promise((resolve) => closed.close(resolve));
  const away = await openS3({ ...test.settings, endpoint: `http://127.0.0.1:${port}` });
  const unavailable = { code: 'unavailable', retryable: true };
  await expect(away.put('x', Buffer.of(1), { mediaType })).rejects.toMatchObject(unavailable);
  await expect(away.open('x')).rejects.toMatchObject({
    ...unavailable,
    message: expect.stringContaining('S3 is not reachable'),
  });
  away.close();
  const stranger = await openS3({ ...test.settings, secretAccessKey: 'wrong' });
  const refused = await stranger.open('linked').catch((error: unknown) => error);
  expect(BatonError.is(refused) && refused.message).toMatch(/S3 answered 403/);
  stranger.close();
});
