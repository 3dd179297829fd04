import { randomUUID } from 'node:crypto';
import { WorkerDrainingError } from '@baton/worker-kit';
import { JobTester } from '@baton/worker-kit/testing';
import sharp from 'sharp';
import { EchoController } from './echo.controller.js';
import { FailController } from './fail.controller.js';
import { RenderController } from './render.controller.js';
import { SleepController } from './sleep.controller.js';

let jobs: JobTester;
beforeAll(async () => {
  jobs = await JobTester.create({
    controllers: [EchoController, SleepController, FailController, RenderController],
  });
});
afterAll(() => jobs.close());

const json = (value: unknown) => ({
  kind: 'succeeded',
  result: { kind: 'json', json: JSON.stringify(value) },
});
const refused = (message: RegExp) => ({
  kind: 'failed',
  error: expect.objectContaining({
    code: 'handler_fatal',
    retryable: false,
    message: expect.stringMatching(message),
  }),
});

it('echo returns its payload', async () => {
  expect(await jobs.run('echo', { a: [1, 'two'] })).toEqual(json({ a: [1, 'two'] }));
});

it('sleep sleeps, and lets go when the worker drains', async () => {
  expect(await jobs.run('sleep', { ms: 5 })).toEqual(json({ slept: 5 }));
  const long = jobs.start('sleep', { ms: 3_600_000 });
  long.abort(new WorkerDrainingError());
  expect(await long.outcome).toEqual({ kind: 'released' });
});

it('fail fails as often as it is asked to', async () => {
  expect(await jobs.run('fail', { times: 2 }, { failures: 1 })).toMatchObject({
    kind: 'failed',
    error: { code: 'handler_error', message: 'failure 2 of 2, as asked', retryable: true },
  });
  expect(await jobs.run('fail', { times: 2 }, { failures: 2 })).toEqual(json({ failures: 2 }));
});

it.each([
  ['sleep', { ms: -1 }, /^the payload is not valid: ms: .*>=0/],
  ['fail', { times: 'often', more: 1 }, /times: .*expected number.*; .*"more"/],
  ['render', { source: 'not base64!', width: 0, height: 10 }, /source: .*base64.*; width: .*>=1/],
])('%s refuses %j for good', async (queue, payload, message) => {
  expect(await jobs.run(queue, payload)).toEqual(refused(message));
});

describe('render', () => {
  const picture = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: { r: 200, g: 30, b: 90 } } })
      .png()
      .toBuffer();

  it('makes a picture fit', async () => {
    const source = (await picture(400, 200)).toString('base64');
    const outcome = await jobs.run('render', { source, width: 100, height: 100, format: 'webp' });
    if (outcome?.kind !== 'succeeded' || outcome.result.kind !== 'file')
      throw new Error(`it ended otherwise: ${JSON.stringify(outcome)}`);
    expect(outcome.result).toMatchObject({ mediaType: 'image/webp', name: 'render.webp' });
    expect(await sharp(outcome.result.bytes).metadata()).toMatchObject({
      format: 'webp',
      width: 100,
      height: 50,
    });
  });

  it('takes an upload', async () => {
    const id = randomUUID();
    const uploads = { [id]: await picture(40, 20) };
    const tester = await JobTester.create({ controllers: [RenderController] }, { uploads });
    const outcome = await tester.run('render', { source: { $upload: id }, width: 10, height: 10 });
    expect(outcome).toMatchObject({ kind: 'succeeded', result: { mediaType: 'image/png' } });
    await tester.close();
  });

  it('makes none larger', async () => {
    const source = (await picture(20, 10)).toString('base64');
    const outcome = await jobs.run('render', { source, width: 100, height: 100 });
    if (outcome?.kind !== 'succeeded' || outcome.result.kind !== 'file')
      throw new Error('it ended otherwise');
    expect(await sharp(outcome.result.bytes).metadata()).toMatchObject({
      format: 'png',
      width: 20,
      height: 10,
    });
  });

  it('refuses for good what is no picture, or too large a one', async () => {
    const text = Buffer.from('no picture').toString('base64');
    expect(await jobs.run('render', { source: text, width: 10, height: 10 })).toEqual(
      refused(/^the source cannot be rendered: .*unsupported image format/),
    );
    const bomb = (await picture(7_000, 7_000)).toString('base64');
    expect(await jobs.run('render', { source: bomb, width: 10, height: 10 })).toEqual(
      refused(/exceeds pixel limit/),
    );
  });
});
