import { snooze } from '@baton/worker-kit';
import type { System } from '../system.js';

export function checkpointCases(system: () => System): void {
  it('gives each attempt what the last one kept, through a failure and a snooze', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { backoff: { type: 'fixed', delay: 10 } });
    const first = await stage.next();
    expect(first.job.lastCheckpoint).toBeUndefined();
    await first.job.checkpoint({ row: 7 });
    first.throw(new Error('later'));
    const second = await stage.next();
    expect(second.job.lastCheckpoint).toEqual({ row: 7 });
    void second.job.checkpoint({ row: 8 }); // not waited for: it goes with the outcome
    second.throw(snooze(10));
    const third = await stage.next();
    expect(third.job.lastCheckpoint).toEqual({ row: 8 });
    third.return();
    await system().untilState(job.id, 'succeeded');
  });
}
