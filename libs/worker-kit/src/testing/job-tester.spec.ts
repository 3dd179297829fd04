import { Controller, Inject } from '@nestjs/common';
import { retryAt, snooze } from '../handler/control-flow.js';
import type { JobContext } from '../handler/job-context.js';
import { JobEnqueuer } from '../handler/job-enqueuer.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import { JobTester } from './job-tester.js';

@Controller()
class Handlers {
  constructor(@Inject(JobEnqueuer) private readonly jobs: JobEnqueuer) {}

  @JobHandler('import')
  async import({ rows }: { rows: number }, context: JobContext): Promise<number> {
    const { row } = (context.lastCheckpoint ?? { row: 0 }) as { row: number };
    void context.checkpoint({ row: row + 1 });
    context.progress((row + 1) / rows, { row });
    await this.jobs.enqueue('report', { row }, { idempotencyKey: `${context.idempotencyKey}:${row}` });
    if (row + 1 < rows) throw new Error(`row ${row}`);
    return rows;
  }

  @JobHandler('tomorrow')
  async tomorrow(day: string): Promise<string> {
    const today = new Date().toISOString().slice(0, 10);
    if (today < day) throw today < '2030-01-02' ? snooze('1d') : retryAt(new Date(`${day}T06:00:00Z`));
    return new Date().toISOString();
  }

  @JobHandler('wait')
  async wait(_payload: unknown, { signal }: JobContext): Promise<void> {
    await new Promise((_resolve, reject) =>
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
    );
  }

  @JobHandler('never')
  never(): never {
    throw snooze(1);
  }
}

let jobs: JobTester;
afterEach(() => jobs.close());

it('steps through retries with their backoff, progress, checkpoints and what they posted', async () => {
  jobs = await JobTester.create({ controllers: [Handlers] }, { fakeClock: new Date('2030-01-01T00:00:00Z') });
  const attempts = await jobs.runToEnd(
    'import',
    { rows: 3 },
    { backoff: { type: 'list', delays: [1_000, 60_000] } },
  );
  expect(attempts).toMatchObject([
    { attempt: 1, failures: 0, outcome: { kind: 'failed' }, checkpoint: { row: 1 } },
    { attempt: 2, failures: 1, outcome: { kind: 'failed' }, checkpoint: { row: 2 } },
    { attempt: 3, failures: 2, outcome: { kind: 'succeeded' }, checkpoint: { row: 3 }, nextAt: undefined },
  ]);
  expect(attempts.map(({ progress }) => progress)).toEqual([
    [{ fraction: 1 / 3, data: { row: 0 } }],
    [{ fraction: 2 / 3, data: { row: 1 } }],
    [{ fraction: 1, data: { row: 2 } }],
  ]);
  expect(attempts.map(({ enqueued }) => enqueued.map(({ queue, payload }) => [queue, payload]))).toEqual([
    [['report', { row: 0 }]],
    [['report', { row: 1 }]],
    [['report', { row: 2 }]],
  ]);
  const waits = attempts.slice(1).map(({ at }, i) => at.getTime() - attempts[i]!.at.getTime());
  expect(waits[0]).toBeGreaterThanOrEqual(1_000);
  expect(waits[0]).toBeLessThan(30_000);
  expect(waits[1]).toBeGreaterThanOrEqual(60_000);
});

it('takes no time for a snooze of a day, and the handler sees the day', async () => {
  jobs = await JobTester.create({ controllers: [Handlers] }, { fakeClock: new Date('2030-01-01T12:00:00Z') });
  const attempts = await jobs.runToEnd('tomorrow', '2030-01-05');
  expect(attempts.map(({ outcome }) => outcome?.kind)).toEqual(['snoozed', 'failed', 'succeeded']);
  expect(attempts.map(({ failures }) => failures)).toEqual([0, 0, 1]);
  expect(attempts[2]!.outcome).toMatchObject({
    result: { json: expect.stringContaining('2030-01-05T06:00:0') },
  });
});

it('aborts by its timeout what the clock has overtaken, and puts the real clock back', async () => {
  jobs = await JobTester.create({ controllers: [Handlers] }, { fakeClock: true });
  const job = jobs.start('wait', null, { timeoutMs: 600_000 });
  jobs.advance('9m');
  jobs.advance('2m');
  expect(await job.outcome).toMatchObject({ kind: 'failed', error: { code: 'timeout' } });
  expect(() => jobs.advance('soon')).toThrow('advance was given "soon"');
  const ahead = Date.now();
  await jobs.close();
  expect(Date.now()).toBeLessThan(ahead - 600_000);
  jobs = await JobTester.create({ controllers: [Handlers] });
  expect(() => jobs.advance(1)).toThrow('no fake clock');
});

it('gives up on a job that never ends, and posts one job for one idempotency key', async () => {
  jobs = await JobTester.create({ controllers: [Handlers] });
  await expect(jobs.runToEnd('never', null)).rejects.toThrow('has not ended after 1000 attempts');
  const same = { jobId: '0199a000-0000-7000-8000-000000000000' };
  await jobs.run('import', { rows: 1 }, same);
  await jobs.run('import', { rows: 1 }, same);
  expect(jobs.enqueued).toHaveLength(1);
});
