import type { System } from '../system.js';

export function retryCases(system: () => System): void {
  it('tries a failed job again, and tells of each attempt', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { backoff: { type: 'fixed', delay: 10 } });
    (await stage.next()).throw(new Error('not yet'));
    const second = await stage.next();
    expect(second.job.attempt).toBe(2);
    expect(second.job.failures).toBe(1);
    second.return('done');
    const read = await system().untilState(job.id, 'succeeded');
    expect(read).toMatchObject({
      attempt: 2,
      failures: 1,
      attempts: [
        { attempt: 1, outcome: 'failed', error: { code: 'handler_error', message: 'not yet' } },
        { attempt: 2, outcome: 'succeeded' },
      ],
    });
  });

  it('waits out a backoff by the database’s clock', async () => {
    const stage = system().stage();
    const job = await system().post(
      { script: stage.script },
      { backoff: { type: 'fixed', delay: 3_600_000 } },
    );
    (await stage.next()).throw(new Error('in an hour'));
    await system().untilState(job.id, 'scheduled');
    await system().shiftClock(3_600_000);
    (await stage.next()).return();
    await system().untilState(job.id, 'succeeded');
  });
}
