import type { BatonClient } from '@baton/client';
import { dispatchModes, type DispatchMode, type Priority } from '@baton/contracts';
import { endedOf, seedBacklog } from '../harness/backlog.js';
import { Fleet } from '../harness/fleet.js';
import { until } from '../harness/until.js';

const workerOf = { polling: 'polling-worker', event: 'event-worker' } as const;
const queue = 'sleep';
const payload = { ms: 5 };
/** Of ten slots at 5 ms each: minutes of work, which a high one that waited for it would take too. */
const backlog = Number(process.env['BATON_E2E_BACKLOG'] ?? 20_000);
/** So much of a flood is looked at. */
const seen = 1_500;

describe.each(dispatchModes)('priorities in %s mode', (mode: DispatchMode) => {
  let fleet: Fleet;
  let client: BatonClient;
  let tenantId: string;
  const of = (priority: Priority) => ({ tenantId, queue, priority });

  beforeAll(async () => {
    fleet = await Fleet.start({ services: ['producer', 'result-gateway', 'relay'] });
    const tenant = await fleet.tenant();
    ({ client, tenantId } = tenant);
    await fleet.start(workerOf[mode], { WORKER_CONCURRENCY: '10' });
    await fleet.setMode(tenant.apiKey, queue, mode);
  });
  afterAll(() => fleet?.stop());

  it(`a high one goes ahead of ${backlog} low ones, and they go on`, async () => {
    await seedBacklog(fleet, of('low'), { count: backlog, payload });
    await until(async () => (await endedOf(fleet, of('low'))) > 50, {
      ms: 60_000,
      what: 'the backlog to move',
    });
    // What went before it, and not how long that took: this holds on a busy machine too.
    const before: number[] = [];
    for (let n = 0; n < 5; n++) {
      const endedLow = await endedOf(fleet, of('low'));
      const job = await client.enqueue(queue, payload, { priority: 'high' });
      await client.wait(job, { timeoutMs: 60_000 });
      before.push((await endedOf(fleet, of('low'))) - endedLow);
    }
    expect(Math.max(...before)).toBeLessThan(backlog / 5);
    expect(await endedOf(fleet, of('low'))).toBeLessThan(backlog);
  });

  it('low ones go on, and normal ones too, under a flood of high ones', async () => {
    const before = { low: await endedOf(fleet, of('low')), high: await endedOf(fleet, of('high')) };
    await seedBacklog(fleet, of('normal'), { count: backlog / 2, payload });
    await seedBacklog(fleet, of('high'), { count: backlog / 2, payload });
    const high = await until(
      async () => {
        const ended = (await endedOf(fleet, of('high'))) - before.high;
        return ended > seen ? ended : undefined;
      },
      { ms: 60_000, everyMs: 50, what: 'the flood to move' },
    );
    // One in 32 is theirs; half of it leaves room for what was under way and for what is not yet settled.
    expect(high).toBeLessThan(backlog / 2);
    expect((await endedOf(fleet, of('low'))) - before.low).toBeGreaterThan(seen / 64);
    expect(await endedOf(fleet, of('normal'))).toBeGreaterThan(seen / 64);
  });
});
