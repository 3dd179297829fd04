import type { System } from '../system.js';

export function timeoutCases(system: () => System): void {
  it('ends an attempt at its timeout, and tries again', async () => {
    const entered: number[] = [];
    const aborted = Promise.withResolvers<unknown>();
    const script = system().script(async (_, job) => {
      entered.push(job.attempt);
      if (job.attempt > 1) return 'in time';
      await new Promise((resolve) => job.signal.addEventListener('abort', resolve, { once: true }));
      aborted.resolve(job.signal.reason);
      throw job.signal.reason;
    });
    const job = await system().post({ script }, { timeout: 200, backoff: { type: 'fixed', delay: 10 } });
    expect(await aborted.promise).toMatchObject({ code: 'timeout' });
    const read = await system().untilState(job.id, 'succeeded');
    expect(read).toMatchObject({
      attempt: 2,
      failures: 1,
      attempts: [{ attempt: 1, outcome: 'failed', error: { code: 'timeout' } }, { attempt: 2 }],
    });
    expect(entered).toEqual([1, 2]);
  });
}
