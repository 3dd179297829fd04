import type { System } from '../system.js';

const hour = 3_600_000;

export function rescheduleCases(system: () => System): void {
  const reschedule = (id: string, time: object) => system().call('POST', `/v1/jobs/${id}/reschedule`, time);

  it('brings a job forward', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { delay: '1h' });
    expect((await reschedule(job.id, { delay: 0 })).status).toBe(200);
    (await stage.next()).return();
    await system().untilState(job.id, 'succeeded');
  });

  it('puts a job off', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { delay: '1h' });
    await reschedule(job.id, { delay: '3h' });
    await system().shiftClock(hour + 1);
    const other = await system().post({ script: stage.script });
    const first = await stage.next();
    expect(first.job.jobId).toBe(other.id);
    first.return();
    await system().shiftClock(2 * hour);
    const entry = await stage.next();
    expect(entry.job.jobId).toBe(job.id);
    entry.return();
    await system().untilState(job.id, 'succeeded');
  });

  it('a held job leaves its lane, and the one behind it goes in its stead', async () => {
    const stage = system().stage();
    const options = { orderingKey: 'reschedule-lane' };
    const post = () => system().post({ script: stage.script }, options);
    const [running, held, behind] = [await post(), await post(), await post()];
    const first = await stage.next();
    expect(first.job.jobId).toBe(running.id);
    expect((await reschedule(held.id, { delay: '1h' })).body).toMatchObject({ state: 'scheduled' });
    first.return();
    const second = await stage.next();
    expect(second.job.jobId).toBe(behind.id);
    second.return();
    await system().shiftClock(hour);
    const third = await stage.next();
    expect(third.job.jobId).toBe(held.id);
    third.return();
    await system().untilState(held.id, 'succeeded');
  });

  it('comes too late for a job that was released', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script });
    const entry = await stage.next();
    const answer = await reschedule(job.id, { delay: '1h' });
    expect(answer.status).toBe(409);
    expect(answer.body).toMatchObject({ code: 'state_conflict' });
    entry.return();
    await system().untilState(job.id, 'succeeded');
  });
}
