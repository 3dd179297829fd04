import { limitPartner, syncAccount } from '@baton/examples/limited-partner';
import type { System } from '../system.js';

export function limitCases(system: () => System): void {
  it('runs so many at once, and says of the others what holds them', async () => {
    const stage = system().stage();
    await system().setQueue({ concurrency: { total: 1 } });
    const jobs = [];
    for (const n of [1, 2, 3]) jobs.push(await system().post({ script: stage.script, n }));
    for (const n of [1, 2, 3]) {
      const entry = await stage.next();
      expect(entry.payload['n']).toBe(n);
      expect(stage.waiting).toBe(0);
      for (const { id } of jobs.slice(n))
        expect(await system().job(id)).toMatchObject({
          state: 'held',
          hold: { reason: 'concurrency', by: { limit: 1, running: 1, jobs: [jobs[n - 1]!.id] } },
        });
      entry.return(n);
      await system().untilState(jobs[n - 1]!.id, 'succeeded');
    }
  });

  it('the example of a partner that allows two calls at a time for each account', async () => {
    const stage = system().stage();
    const { client, queue, apiKey } = system();
    await limitPartner({ url: system().servers.producer.url, apiKey }, queue);
    const jobs = [];
    for (const account of ['a', 'a', 'a', 'b'])
      jobs.push(await syncAccount(client, queue, { account, script: stage.script }));
    const entries = [await stage.next(), await stage.next(), await stage.next()];
    expect(entries.map(({ payload }) => payload['account']).sort()).toEqual(['a', 'a', 'b']);
    const [, , third] = jobs;
    expect(await system().job(third!.id)).toMatchObject({
      hold: { reason: 'concurrency', by: { key: 'a', limit: 2, running: 2 } },
    });
    for (const entry of entries) entry.return();
    (await stage.next()).return();
    for (const { id } of jobs) await system().untilState(id, 'succeeded');
  });

  it('gives the slot of a failed job to the next for its pause', async () => {
    const stage = system().stage();
    await system().setQueue({ concurrency: { total: 1 } });
    const backoff = { type: 'fixed', delay: 3_600_000 } as const;
    const first = await system().post({ script: stage.script, n: 1 }, { backoff });
    const second = await system().post({ script: stage.script, n: 2 });
    (await stage.next()).throw(new Error('once'));
    const next = await stage.next();
    expect(next.payload['n']).toBe(2);
    await system().untilState(first.id, 'scheduled');
    await system().shiftClock(3_600_000);
    await system().until(first.id, (job) => job.state === 'held' && job['reason'] === 'concurrency');
    next.return();
    (await stage.next()).return();
    for (const { id } of [first, second]) await system().untilState(id, 'succeeded');
  });

  it('starts no more than a rate allows, and goes on as tokens come', async () => {
    const stage = system().stage();
    await system().setQueue({ rateLimit: { limit: 1, per: '1h' } });
    const jobs = [];
    for (const n of [1, 2, 3]) jobs.push(await system().post({ script: stage.script, n }));
    for (const n of [1, 2, 3]) {
      const entry = await stage.next();
      expect(entry.payload['n']).toBe(n);
      entry.return();
      await system().untilState(jobs[n - 1]!.id, 'succeeded');
      if (n === 3) break;
      expect(await system().job(jobs[n]!.id)).toMatchObject({
        reason: 'rate',
        hold: { until: expect.any(String) as string },
      });
      await system().shiftClock(3_600_000);
    }
  });

  it('gives each key a bucket of its own where the queue says so', async () => {
    const stage = system().stage();
    await system().setQueue({ rateLimit: { limit: 1, per: '1h', perKey: true } });
    const post = (concurrencyKey: string) => system().post({ script: stage.script }, { concurrencyKey });
    const [first, second, other] = [await post('a'), await post('a'), await post('b')];
    const entries = [await stage.next(), await stage.next()];
    expect(entries.map(({ job }) => job.jobId).sort()).toEqual([first.id, other.id].sort());
    for (const entry of entries) entry.return();
    for (const { id } of [first, other]) await system().untilState(id, 'succeeded');
    expect(await system().job(second.id)).toMatchObject({
      state: 'held',
      hold: { reason: 'rate', by: { key: 'a' } },
    });
    await system().shiftClock(3_600_000);
    (await stage.next()).return();
    await system().untilState(second.id, 'succeeded');
  });

  it('keeps the order of a key while a limit holds its first', async () => {
    const stage = system().stage();
    await system().setQueue({ concurrency: { total: 1 } });
    await system().post({ script: stage.script, n: 0 });
    for (const n of [1, 2, 3]) await system().post({ script: stage.script, n }, { orderingKey: 'limited' });
    for (const n of [0, 1, 2, 3]) {
      const entry = await stage.next();
      expect(entry.payload['n']).toBe(n);
      entry.return();
    }
  });
}
