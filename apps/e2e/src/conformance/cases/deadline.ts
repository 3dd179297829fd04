import type { System } from '../system.js';

export function deadlineCases(system: () => System): void {
  it('tells that a job is overdue, once, runs nothing again for it, and lets it succeed', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { expectWithin: '1h' });
    const entry = await stage.next();
    expect(entry.job.expectedBy!.getTime() - Date.now()).toBeGreaterThan(0);
    expect(entry.job.remainingMs).toBeLessThanOrEqual(3_600_000);
    expect((await system().job(job.id))['overdue']).toBeUndefined();
    await system().shiftClock(3_601_000);
    const overdue = await system().until(job.id, (read) => read['overdue'] === true, 'it is overdue');
    expect(overdue.attempt).toBe(1);
    entry.return('late');
    const read = await system().untilState(job.id, 'succeeded');
    expect(read).toMatchObject({ attempt: 1, overdue: true });
    expect(stage.waiting).toBe(0);
  });

  it('counts from when the job became due', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { delay: '2h', expectWithin: '1h' });
    await system().shiftClock(7_200_000);
    const entry = await stage.next();
    expect((await system().job(job.id))['overdue']).toBeUndefined();
    await system().shiftClock(3_601_000);
    await system().until(job.id, (read) => read['overdue'] === true, 'it is overdue');
    entry.return();
    await system().untilState(job.id, 'succeeded');
  });

  it('goes by for a job that is due and waits for its turn in its lane', async () => {
    const move = (how: string) => system().call('POST', `/v1/queues/${system().queue}/${how}`);
    await move('pause');
    const first = await system().post({}, { orderingKey: 'deadline' });
    const options = { orderingKey: 'deadline', delay: '1h', expectWithin: '1h' };
    const behind = await system().post({}, options);
    await system().shiftClock(3_600_000);
    await system().until(behind.id, (read) => read['reason'] === 'lane', 'it is due');
    expect((await system().job(behind.id))['overdue']).toBeUndefined();
    await system().shiftClock(3_601_000);
    await system().until(behind.id, (read) => read['overdue'] === true, 'it is overdue');
    await move('resume');
    for (const { id } of [first, behind]) await system().untilState(id, 'succeeded');
  });
}
