import { createHash, randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { limits } from '@baton/contracts';
import { openS3, resultKey } from '@baton/objects';
import { outageOf, testObjects, type TestObjects } from '@baton/objects/testing';
import { FileResult } from '../handler/file-result.js';
import type { ExecutionView } from '../handler/job-context.js';
import { madeUpDelivery } from '../testing/made-up-delivery.js';
import { ResultKeeper } from './result-keeper.js';

let s3: TestObjects;
beforeAll(async () => {
  s3 = await testObjects();
});
afterAll(() => s3.close());

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const named = { mediaType: 'application/octet-stream', name: 'x.bin' };

function execution(signal = new AbortController().signal): ExecutionView {
  const delivery = { ...madeUpDelivery(), queue: 'test', payload: 'null' };
  return { delivery, signal, deadlineMs: Date.now() + 60_000, reports: { note: () => Promise.resolve() } };
}

async function stored(key: string): Promise<Buffer> {
  return buffer((await s3.objects.open(key))!.body);
}

it('sends small files with the outcome, and large ones to S3 under the name of their execution', async () => {
  const keeper = ResultKeeper.overKafka(s3.objects);
  const small = randomBytes(limits.inlineFileBytes);
  const inline = await keeper.keep(FileResult.of(small, named), execution());
  expect(inline).toMatchObject({ kind: 'file', ...named, size: small.length, sha256: sha256(small) });
  expect(inline.kind === 'file' && inline.bytes?.equals(small)).toBe(true);
  const large = randomBytes(limits.inlineFileBytes + 1);
  const run = execution();
  const key = resultKey(run.delivery);
  const kept = await keeper.keep(FileResult.of(large, named), run);
  expect(kept).toEqual({ kind: 'file', ...named, size: large.length, sha256: sha256(large), key });
  expect(sha256(await stored(key))).toBe(sha256(large));
});

it('sends large JSON and streams to S3', async () => {
  const keeper = new ResultKeeper({ objects: s3.objects });
  const json = await keeper.keep('x'.repeat(600_000), execution());
  expect(json).toMatchObject({ kind: 'file', mediaType: 'application/json', size: 600_002 });
  const chunks = [randomBytes(1_000), randomBytes(1_000)];
  const run = execution();
  const streamed = await keeper.keep(FileResult.of(Readable.from(chunks), named), run);
  const bytes = Buffer.concat(chunks);
  expect(streamed).toMatchObject({ size: 2_000, sha256: sha256(bytes), key: resultKey(run.delivery) });
  expect(await stored(resultKey(run.delivery))).toEqual(bytes);
});

it('takes a stream without S3 as long as it fits, and says what is missing when it does not', async () => {
  const stream = (...sizes: number[]) =>
    FileResult.of(Readable.from(sizes.map((n) => randomBytes(n))), named);
  const polling = new ResultKeeper({});
  expect(await polling.keep(stream(100, 200), execution())).toMatchObject({ size: 300 });
  const event = ResultKeeper.overKafka(undefined);
  const needs = { code: 'needs_objects', retryable: false };
  await expect(event.keep(stream(limits.inlineFileBytes, 1), execution())).rejects.toMatchObject(needs);
  await expect(event.keep('x'.repeat(600_000), execution())).rejects.toMatchObject({
    ...needs,
    message: expect.stringMatching(/600002 bytes; without S3 \(S3_ENDPOINT\).*at most 524288/),
  });
});

it('waits for an S3 that is away with the result at hand, and no longer than the attempt', async () => {
  const outage = await outageOf(s3.settings.endpoint);
  const objects = await openS3({ ...s3.settings, endpoint: outage.url });
  await outage.begin();
  const large = FileResult.of(randomBytes(600_000), named);
  const run = execution();
  const keeping = new ResultKeeper({ objects }).keep(large, run);
  // The client of S3 tries for a while by itself: the outage is longer than that.
  for (let n = 0; n < 4; n++) {
    const short = new ResultKeeper({ objects, patienceMs: 0 }).keep(large, execution());
    await expect(short).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  }
  const control = new AbortController();
  const ended = new ResultKeeper({ objects }).keep(large, execution(control.signal));
  control.abort(new Error('its time is over'));
  await expect(ended).rejects.toThrow('its time is over');
  await outage.end();
  expect(await keeping).toMatchObject({ key: resultKey(run.delivery) });
  expect(await s3.objects.size(resultKey(run.delivery))).toBe(600_000);
  objects.close();
  await outage.begin();
});
