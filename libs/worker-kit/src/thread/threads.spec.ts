import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Controller } from '@nestjs/common';
import { WorkerDrainingError } from '../execution/abort-causes.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import type { Log } from '../log.js';
import { JobTester } from '../testing/job-tester.js';
import { silentLog } from '../testing/silent-log.js';
import { CpuController, Words } from './cpu.fixture.js';

// Threads are Node's own: they read the sources as `nx serve` does.
const hook = new URL('../../../../tools/ts-hook.mjs', import.meta.url).href;
const threads = { execArgv: ['--conditions=@baton/source', '--import', hook] };
const lines: [object, string][] = [];
const log: Log = {
  ...silentLog,
  info: (...said: unknown[]) => void lines.push(said as [object, string]),
};

let jobs: JobTester;
beforeAll(async () => {
  jobs = await JobTester.create(
    { controllers: [CpuController], providers: [Words] },
    { threads, log, letGoMs: 300 },
  );
}, 60_000);
afterAll(() => jobs.close());

it('runs jobs beside each other while the event loop of the process goes on', async () => {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  await Promise.all([jobs.run('cpu', { do: 'spin' }), jobs.run('cpu', { do: 'spin' })]); // both threads are there
  delay.enable();
  const outcomes = await Promise.all([
    jobs.run('cpu', { do: 'spin', ms: 1_500 }),
    jobs.run('cpu', { do: 'spin', ms: 1_500 }),
  ]);
  delay.disable();
  expect(outcomes).toEqual(
    outcomes.map(() => ({ kind: 'succeeded', result: { kind: 'json', json: '"was busy"' } })),
  );
  // In this thread each of them would have held it for 1,500 ms.
  expect(delay.max / 1e6).toBeLessThan(1_000);
});

it.each([
  ['snooze', { kind: 'snoozed' }],
  [
    'throw',
    {
      kind: 'failed',
      error: {
        code: 'handler_error',
        message: 'broken in a thread',
        stack: expect.stringContaining('cpu.fixture'),
      },
    },
  ],
  [
    'file',
    { kind: 'succeeded', result: { kind: 'file', bytes: Buffer.from('bytes'), mediaType: 'text/plain' } },
  ],
] as const)('what a handler says crosses the border: %s', async (what, outcome) => {
  expect(await jobs.run('cpu', { do: what })).toMatchObject(outcome);
});

it('progress, checkpoints and logs cross it too', async () => {
  expect(await jobs.run('cpu', { do: 'count' }, { checkpoint: '{"n":4}' })).toMatchObject({
    result: { json: '4' },
  });
  expect(lines).toEqual([[expect.objectContaining({ n: 4, queue: 'cpu', attempt: 1 }), 'counting']]);
});

it('a loop that asks for its signal learns of the abort', async () => {
  const job = jobs.start('cpu', { do: 'spin until aborted' });
  job.abort(new WorkerDrainingError());
  expect(await job.outcome).toEqual({ kind: 'released' });
});

it('one that does not let go is stopped, and the next jobs have a thread again', async () => {
  const stuck = [jobs.start('cpu', { do: 'spin for ever' }), jobs.start('cpu', { do: 'spin for ever' })];
  const next = jobs.start('cpu', { do: 'spin' });
  for (const job of stuck) job.abort(new WorkerDrainingError());
  expect(await Promise.all(stuck.map(({ outcome }) => outcome))).toEqual(
    stuck.map(() => ({ kind: 'released' })),
  );
  expect(await next.outcome).toMatchObject({ kind: 'succeeded' });
});

it('a handler that ends its thread has failed, and nobody else', async () => {
  expect(await jobs.run('cpu', { do: 'exit' })).toMatchObject({
    kind: 'failed',
    error: { code: 'handler_error', message: "the handler's thread ended with code 7" },
  });
  expect(await jobs.run('cpu', { do: 'spin' })).toMatchObject({ kind: 'succeeded' });
});

it('a module that cannot serve the handler is told when the process starts', async () => {
  @Controller()
  class Elsewhere {
    @JobHandler('elsewhere', { thread: import.meta.url.replace('threads.spec', 'cpu.fixture') })
    run(): void {}
  }
  await expect(JobTester.create({ controllers: [Elsewhere] }, { threads })).rejects.toThrow(
    /"elsewhere" cannot run in a thread: .*exports no handler of queue "elsewhere"/,
  );
  expect(() => JobHandler('x', { thread: './x.js' })({}, 'y', {})).toThrow(
    /has thread ".\/x.js"; allowed: the URL/,
  );
});
