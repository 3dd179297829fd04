import type { System } from '../system.js';

export function progressCases(system: () => System): void {
  it('tells how far a job is while it runs, and keeps its last word', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script });
    const entry = await stage.next();
    entry.job.progress(0.25, { page: 1 });
    const running = await system().until(job.id, (read) => read['progress'] !== undefined, 'progress');
    expect(running).toMatchObject({ state: 'running', progress: { fraction: 0.25, data: { page: 1 } } });
    // Both within the second in which no more is told: the last goes with the outcome.
    entry.job.progress(0.9);
    entry.job.progress(1, { page: 4 });
    entry.return('done');
    expect(await system().untilState(job.id, 'succeeded')).toMatchObject({
      progress: { fraction: 1, data: { page: 4 } },
    });
  });
}
