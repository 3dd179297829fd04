import type { System } from '../system.js';

const hour = 3_600_000;

export function delayCases(system: () => System): void {
  it('runs a delayed job when it is due, and not before', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { delay: '1h' });
    expect(job.state).toBe('scheduled');
    // One that is not delayed passes it.
    const other = await system().post({ script: stage.script });
    (await stage.next()).return();
    await system().untilState(other.id, 'succeeded');
    expect((await system().job(job.id)).state).toBe('scheduled');
    await system().shiftClock(hour);
    const entry = await stage.next();
    expect(entry.job.jobId).toBe(job.id);
    entry.return();
    await system().untilState(job.id, 'succeeded');
  });

  it('jobs of one lane run in the order in which they became due', async () => {
    const stage = system().stage();
    const options = { orderingKey: 'delay-lane' };
    const later = await system().post({ script: stage.script }, { ...options, delay: '30m' });
    const sooner = await system().post({ script: stage.script }, { ...options, delay: '10m' });
    await system().shiftClock(hour);
    for (const { id } of [sooner, later]) {
      const entry = await stage.next();
      expect(entry.job.jobId).toBe(id);
      expect(stage.waiting).toBe(0);
      entry.return();
    }
    await system().untilState(later.id, 'succeeded');
  });
}
