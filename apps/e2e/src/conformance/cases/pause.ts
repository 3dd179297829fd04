import type { System } from '../system.js';

export function pauseCases(system: () => System): void {
  const move = (how: string) => system().call('POST', `/v1/queues/${system().queue}/${how}`);

  it('begins nothing of a paused queue, lets what runs go on, and begins all when it is resumed', async () => {
    const stage = system().stage();
    const running = await system().post({ script: stage.script, n: 1 });
    const entry = await stage.next();
    await move('pause');
    const held = await system().post({ script: stage.script, n: 2 });
    expect(await system().job(held.id)).toMatchObject({ state: 'held', hold: { reason: 'paused' } });
    entry.return();
    await system().untilState(running.id, 'succeeded');
    // Another queue's job goes all the way meanwhile.
    const other = await system().post({}, { queue: system().sideQueue });
    await system().untilState(other.id, 'succeeded');
    expect(stage.waiting).toBe(0);
    await move('resume');
    (await stage.next()).return();
    await system().untilState(held.id, 'succeeded');
  });

  it('a draining queue refuses new jobs and runs what it has', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script });
    await move('drain');
    const refused = await system().call('POST', '/v1/jobs', { queue: system().queue });
    expect([refused.status, refused.body['code']]).toEqual([409, 'state_conflict']);
    (await stage.next()).return();
    await system().untilState(job.id, 'succeeded');
    await move('resume');
  });
}
