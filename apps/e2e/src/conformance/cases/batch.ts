import type { System } from '../system.js';

export function batchCases(system: () => System): void {
  it('its callback runs once, when all have ended, however they did', async () => {
    const [stage, callback] = [system().stage(), system().stage()];
    const job = (payload: object, more: object = {}) => ({ queue: system().queue, payload, ...more });
    const batch = await system().client.enqueueMany(
      [
        job({ script: stage.script, n: 0 }),
        job({ script: stage.script, n: 1 }, { maxAttempts: 1 }),
        job({}, { delay: '1h' }),
      ],
      { callback: job({ script: callback.script }) },
    );
    const ids = batch.items.map((item) => item.id);
    const { id } = batch.callback!;
    for (const { payload, ...entry } of [await stage.next(), await stage.next()])
      if (payload['n'] === 0) entry.return('whole');
      else entry.throw(new Error('broken'));
    await system().untilState(ids[1]!, 'dead');
    await system().until(id, (read) => read['pendingParents'] === 1);
    expect(await system().job(id)).toMatchObject({ state: 'held', reason: 'parents' });
    await system().client.cancel(ids[2]!);
    const entry = await callback.next();
    expect(Object.fromEntries([...entry.job.parents()].map(([of, { state }]) => [of, state]))).toEqual({
      [ids[0]!]: 'succeeded',
      [ids[1]!]: 'dead',
      [ids[2]!]: 'cancelled',
    });
    entry.return();
    expect(await system().untilState(id, 'succeeded')).toMatchObject({ attempt: 1 });
    // What happens to one of the batch later is not told again.
    await system().call('POST', `/v1/jobs/${ids[1]}/retry`);
    (await stage.next()).return();
    await system().untilState(ids[1]!, 'succeeded');
    expect(callback.waiting).toBe(0);
    expect(await system().job(id)).toMatchObject({ state: 'succeeded', generation: 0 });
  });
}
