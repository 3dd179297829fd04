import { cancel, fatal, retryAt, snooze } from '@baton/worker-kit';
import type { System } from '../system.js';

/** What a handler may say of its job, beside returning and throwing. */
export function controlFlowCases(system: () => System): void {
  it('fatal: no retry, however many attempts are left; the error is kept with its stack', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { maxAttempts: 5 });
    (await stage.next()).throw(fatal(new Error('no such address')));
    const read = await system().untilState(job.id, 'dead');
    expect(read).toMatchObject({
      attempt: 1,
      failures: 1,
      error: {
        code: 'handler_fatal',
        message: 'no such address',
        stack: expect.stringContaining('control-flow') as unknown,
      },
    });
  });

  it('snooze: it comes back then, and nothing has failed', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { maxAttempts: 1 });
    (await stage.next()).throw(snooze('1h'));
    await system().untilState(job.id, 'scheduled');
    await system().shiftClock(3_600_000);
    (await stage.next()).return();
    expect(await system().untilState(job.id, 'succeeded')).toMatchObject({
      failures: 0,
      attempts: [
        { attempt: 1, outcome: 'snoozed' },
        { attempt: 2, outcome: 'succeeded' },
      ],
    });
  });

  it('retryAt: a failure, and the time of the next attempt is the handler’s', async () => {
    const stage = system().stage();
    const backoff = { type: 'fixed', delay: 10 } as const;
    const job = await system().post({ script: stage.script }, { backoff });
    (await stage.next()).throw(retryAt(new Date(Date.now() + 3_600_000), new Error('busy')));
    const waiting = await system().untilState(job.id, 'scheduled');
    expect(Date.parse(String(waiting['runAt'])) - Date.now()).toBeGreaterThan(3_000_000);
    await system().shiftClock(3_600_000);
    (await stage.next()).return();
    expect(await system().untilState(job.id, 'succeeded')).toMatchObject({ failures: 1 });
  });

  it('cancel: the handler itself ends it so', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script });
    (await stage.next()).throw(cancel('the order is gone'));
    await system().untilState(job.id, 'cancelled');
  });

  it('a list of delays: each failure its own, and dead after the last; attempts are told with worker and times', async () => {
    const stage = system().stage();
    const backoff = { type: 'list', delays: [3_600_000, 7_200_000] } as const;
    const job = await system().post({ script: stage.script }, { backoff, maxAttempts: 3 });
    for (const delay of backoff.delays) {
      (await stage.next()).throw(new Error('x'.repeat(20_000)));
      const waiting = await system().untilState(job.id, 'scheduled');
      const last = waiting.attempts.at(-1)!;
      const waits = Date.parse(String(waiting['runAt'])) - Date.parse(String(last['finishedAt']));
      expect(Math.abs(waits - delay)).toBeLessThanOrEqual(1); // each is rounded to a millisecond
      await system().shiftClock(delay);
    }
    (await stage.next()).throw(new Error('for good'));
    const read = await system().untilState(job.id, 'dead');
    expect(read.attempts).toHaveLength(3);
    for (const attempt of read.attempts)
      expect(attempt).toMatchObject({
        outcome: 'failed',
        worker: expect.any(String) as unknown,
        executionId: expect.any(String) as unknown,
        startedAt: expect.any(String) as unknown,
        finishedAt: expect.any(String) as unknown,
      });
    const [first] = read.attempts as { error: { message: string } }[];
    expect(first!.error.message.length).toBeLessThanOrEqual(8_192);
  });

  it('exponential with jitter, of the queue: each delay within its bounds', async () => {
    await system().setQueue({
      backoff: { type: 'exponential', delay: '10m', factor: 3, max: '20m', jitter: 0.1 },
    });
    const stage = system().stage();
    const job = await system().post({ script: stage.script });
    for (const expected of [600_000, 1_200_000]) {
      (await stage.next()).throw(new Error('again'));
      const waiting = await system().untilState(job.id, 'scheduled');
      const ended = Date.parse(String(waiting.attempts.at(-1)!['finishedAt']));
      const delay = Date.parse(String(waiting['runAt'])) - ended;
      expect(Math.abs(delay - expected)).toBeLessThanOrEqual(expected * 0.1 + 1);
      await system().shiftClock(2 * expected);
    }
    (await stage.next()).return();
    await system().untilState(job.id, 'succeeded');
  });
}
