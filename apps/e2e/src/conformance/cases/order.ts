import type { System } from '../system.js';

export function orderCases(system: () => System): void {
  it('runs the jobs of one key one at a time, in the order of their acceptance', async () => {
    const stage = system().stage();
    const handles = [];
    for (const n of [1, 2, 3])
      handles.push(await system().post({ script: stage.script, n }, { orderingKey: 'a' }));
    for (const n of [1, 2, 3]) {
      const entry = await stage.next();
      expect(entry.payload['n']).toBe(n);
      expect(stage.waiting).toBe(0);
      for (const handle of handles.slice(n))
        expect(await system().job(handle.id)).toMatchObject({ state: 'held', reason: 'lane' });
      entry.return(n);
      await system().untilState(handles[n - 1]!.id, 'succeeded');
    }
  });

  it('keeps a failed job’s place until it is terminal', async () => {
    const stage = system().stage();
    const backoff = { type: 'fixed', delay: 10 } as const;
    await system().post({ script: stage.script, n: 1 }, { orderingKey: 'b', backoff, maxAttempts: 2 });
    const second = await system().post({ script: stage.script, n: 2 }, { orderingKey: 'b' });
    (await stage.next()).throw(new Error('once'));
    const again = await stage.next();
    expect(again.payload['n']).toBe(1);
    again.throw(new Error('twice'));
    const next = await stage.next();
    expect(next.payload['n']).toBe(2);
    next.return();
    await system().untilState(second.id, 'succeeded');
  });
}
