import type { System } from '../system.js';

export function priorityCases(system: () => System): void {
  it('the most urgent go first, of one priority the oldest', async () => {
    const stage = system().stage();
    await system().setQueue({ concurrency: { total: 1 }, paused: true });
    for (const priority of ['low', 'normal', 'high', 'low', 'normal', 'high'] as const)
      await system().post({ script: stage.script, priority }, { priority });
    await system().setQueue({ concurrency: { total: 1 }, paused: false });
    const order: unknown[] = [];
    for (let i = 0; i < 6; i++) {
      const entry = await stage.next();
      order.push(entry.payload['priority']);
      entry.return();
    }
    expect(order).toEqual(['high', 'high', 'normal', 'normal', 'low', 'low']);
  });

  it('none starves before a limit: among any 32 that go through there is a low one', async () => {
    const entered: unknown[] = [];
    const script = system().script(({ priority }) => void entered.push(priority));
    await system().setQueue({ concurrency: { total: 1 }, paused: true });
    const low = await system().post({ script, priority: 'low' }, { priority: 'low' });
    for (let i = 0; i < 40; i++) await system().post({ script, priority: 'high' }, { priority: 'high' });
    await system().setQueue({ concurrency: { total: 1 }, paused: false });
    await system().untilState(low.id, 'succeeded');
    expect(entered.indexOf('low')).toBeLessThan(32);
  });
}
