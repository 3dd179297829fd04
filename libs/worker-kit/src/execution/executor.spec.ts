import { BatonError, limits } from '@baton/contracts';
import { Controller } from '@nestjs/common';
import { OwnershipLostError, WorkerDrainingError } from './abort-causes.js';
import { cancel, fatal, retryAt, snooze } from '../handler/control-flow.js';
import type { JobContext } from '../handler/job-context.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import { JobTester } from '../testing/job-tester.js';

const until = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

@Controller()
class Handlers {
  readonly seen: JobContext[] = [];

  @JobHandler('give')
  give(payload: { value?: unknown }): unknown {
    return payload.value;
  }

  @JobHandler('nothing')
  nothing(): void {}

  @JobHandler('circle')
  circle(): unknown {
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    return circle;
  }

  @JobHandler('file')
  file({ bytes, nested }: { bytes: number; nested?: boolean }, context: JobContext): unknown {
    const file = context.file(Buffer.alloc(bytes, 'x'), { mediaType: 'text/plain', name: 'x.txt' });
    return nested ? { file } : file;
  }

  @JobHandler('throw')
  throw({ what }: { what: string }): never {
    switch (what) {
      case 'error':
        throw new BatonError('rate_limited', 'slow down');
      case 'text':
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- handlers do
        throw 'just text';
      case 'long':
        throw new Error(`${'x'.repeat(limits.errorChars - 1)}😀`);
      case 'retry':
        throw retryAt('10s', new Error('busy'));
      case 'snooze':
        throw snooze(5_000);
      case 'cancel':
        throw cancel('no longer wanted');
      default:
        throw fatal(new TypeError('never'));
    }
  }

  @JobHandler('wait')
  async wait(payload: { then: 'throw' | 'return' | 'hang' }, context: JobContext): Promise<string> {
    this.seen.push(context);
    await until(context.signal);
    if (payload.then === 'hang') await new Promise(() => undefined);
    if (payload.then === 'throw') context.signal.throwIfAborted();
    return 'after all';
  }

  @JobHandler('brief', { timeout: '20ms' })
  async brief(_payload: unknown, context: JobContext): Promise<void> {
    await until(context.signal);
  }
}

let jobs: JobTester;
beforeAll(async () => {
  jobs = await JobTester.create({ controllers: [Handlers] });
});
afterAll(() => jobs.close());

describe('what a handler returns', () => {
  it('is stored as JSON', async () => {
    const value = { text: 'a\u0000b', list: [1, null] };
    expect(await jobs.run('give', { value })).toEqual({
      kind: 'succeeded',
      result: { kind: 'json', json: JSON.stringify(value) },
    });
  });

  it('is null when it is nothing', async () => {
    expect(await jobs.run('nothing', null)).toEqual({
      kind: 'succeeded',
      result: { kind: 'json', json: 'null' },
    });
  });

  it('may be a file', async () => {
    expect(await jobs.run('file', { bytes: limits.resultBytes })).toMatchObject({
      kind: 'succeeded',
      result: {
        kind: 'file',
        mediaType: 'text/plain',
        name: 'x.txt',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  });

  it.each([
    ['file', { bytes: 1, nested: true }, /return the file alone/],
    ['circle', null, /cannot be written as JSON.*circular/s],
  ])('that cannot be kept fails the job for good: %s', async (queue, payload, message) => {
    expect(await jobs.run(queue, payload)).toEqual({
      kind: 'failed',
      error: { code: 'result_not_storable', retryable: false, message: expect.stringMatching(message) },
    });
  });

  it('fits when it fills the limit exactly', async () => {
    const value = 'x'.repeat(limits.resultBytes - 2);
    expect(await jobs.run('give', { value })).toMatchObject({ kind: 'succeeded', result: { kind: 'json' } });
  });

  it('is a file when it is too large for JSON', async () => {
    const value = 'é'.repeat(limits.resultBytes / 2);
    expect(await jobs.run('give', { value })).toMatchObject({
      kind: 'succeeded',
      result: {
        kind: 'file',
        mediaType: 'application/json',
        name: 'result.json',
        size: limits.resultBytes + 2,
      },
    });
  });

  it('needs S3 when it is too large for PostgreSQL', async () => {
    expect(await jobs.run('file', { bytes: limits.postgresFileBytes })).toMatchObject({ kind: 'succeeded' });
    expect(await jobs.run('file', { bytes: limits.postgresFileBytes + 1 })).toEqual({
      kind: 'failed',
      error: { code: 'needs_objects', retryable: false, message: expect.stringMatching(/8388609 bytes/) },
    });
  });
});

describe('what a handler throws', () => {
  it('arrives with its message and stack, through Nest', async () => {
    expect(await jobs.run('throw', { what: 'error' })).toEqual({
      kind: 'failed',
      error: {
        code: 'handler_error',
        message: 'slow down',
        retryable: true,
        stack: expect.stringContaining('executor.spec'),
      },
    });
  });

  it('may be anything', async () => {
    expect(await jobs.run('throw', { what: 'text' })).toMatchObject({
      error: { code: 'handler_error', message: 'just text' },
    });
  });

  it('is cut to what is kept, and stays valid text', async () => {
    const outcome = await jobs.run('throw', { what: 'long' });
    if (outcome?.kind !== 'failed') throw new Error('it did not fail');
    expect(outcome.error.message).toHaveLength(limits.errorChars);
    expect(outcome.error.message.endsWith('x\ufffd')).toBe(true);
    expect(outcome.error.stack?.length).toBeLessThanOrEqual(limits.errorChars);
  });

  it('may say when to retry, and still is a failure', async () => {
    const before = Date.now();
    const outcome = await jobs.run('throw', { what: 'retry' });
    expect(outcome).toMatchObject({
      kind: 'failed',
      error: { code: 'handler_error', message: 'busy', retryable: true },
    });
    if (outcome?.kind !== 'failed') throw new Error('it did not fail');
    expect(outcome.retryAtMs).toBeGreaterThanOrEqual(before + 10_000);
    expect(outcome.retryAtMs).toBeLessThanOrEqual(Date.now() + 10_000);
  });

  it('may snooze, cancel, or be fatal', async () => {
    expect(await jobs.run('throw', { what: 'snooze' })).toEqual({
      kind: 'snoozed',
      retryAtMs: expect.any(Number),
    });
    expect(await jobs.run('throw', { what: 'cancel' })).toMatchObject({
      kind: 'cancelled',
      error: { message: 'no longer wanted' },
    });
    expect(await jobs.run('throw', { what: 'fatal' })).toMatchObject({
      kind: 'failed',
      error: { code: 'handler_fatal', message: 'never', retryable: false },
    });
  });

  it.each([
    () => retryAt('soon'),
    () => snooze(Number.NaN),
    () => snooze('800d'),
    () => retryAt(new Date('x')),
  ])('refuses a time that is none (%#)', (make) => {
    expect(make).toThrow(/was given .*; allowed: a Date, a duration such as "5m"/);
  });
});

describe('an abort', () => {
  it('by the timeout fails the attempt, whatever the handler returns then', async () => {
    const timedOut = {
      kind: 'failed',
      error: { code: 'timeout', retryable: true, message: expect.stringContaining('30ms') },
    };
    expect(await jobs.run('wait', { then: 'return' }, { timeoutMs: 30 })).toEqual(timedOut);
    expect(await jobs.run('wait', { then: 'throw' }, { timeoutMs: 30 })).toEqual(timedOut);
  });

  it("uses the handler's own timeout where that is shorter", async () => {
    expect(await jobs.run('brief', null)).toMatchObject({
      error: { code: 'timeout', message: expect.stringContaining('20ms') },
    });
  });

  it('frees the slot of a handler that ignores it, and tells the outcome without it', async () => {
    expect(await jobs.run('wait', { then: 'hang' }, { timeoutMs: 20 })).toMatchObject({
      error: { code: 'timeout' },
    });
  });

  it('by a drain hands back what threw, and keeps what was finished', async () => {
    const abort = async (then: 'throw' | 'return' | 'hang') => {
      const job = jobs.start('wait', { then });
      job.abort(new WorkerDrainingError());
      return job.outcome;
    };
    expect(await abort('throw')).toEqual({ kind: 'released' });
    expect(await abort('hang')).toEqual({ kind: 'released' });
    expect(await abort('return')).toMatchObject({ kind: 'succeeded' });
  });

  it('by a loss leaves nothing to tell, even after a timeout', async () => {
    const job = jobs.start('wait', { then: 'return' });
    job.abort(new WorkerDrainingError());
    job.abort(new OwnershipLostError('another worker has it'));
    expect(await job.outcome).toBeUndefined();
  });
});
