import { until } from '../../harness/until.js';
import type { System } from '../system.js';

export function operationCases(system: () => System): void {
  async function finished(answer: { status: number; body: Record<string, unknown> }) {
    expect(answer.status).toBe(202);
    const path = `/v1/operations/${String(answer.body['id'])}`;
    return until(
      async () => {
        const { body } = await system().call('GET', path);
        return body['state'] === 'running' ? undefined : body;
      },
      { ms: 30_000, what: () => `operation ${path} to end` },
    );
  }

  it('cancels many jobs by a filter: those not begun, and those that run', async () => {
    const stage = system().stage();
    const running = await system().post({ script: stage.script }, { queue: system().sideQueue });
    const entry = await stage.next();
    await system().untilState(running.id, 'running');
    const waiting = [];
    for (let i = 0; i < 5; i++)
      waiting.push(await system().post({ script: stage.script }, { queue: system().sideQueue, delay: '1h' }));
    const other = await system().post({ script: stage.script }, { delay: '1h' });
    const aborted = new Promise((resolve) => entry.job.signal.addEventListener('abort', resolve));
    const filter = { queue: system().sideQueue };
    const operation = await finished(
      await system().call('POST', '/v1/jobs/cancel', { filter, reason: 'all' }),
    );
    expect(operation).toMatchObject({ state: 'finished', done: 6, failed: 0 });
    await aborted;
    entry.throw(entry.job.signal.reason);
    for (const { id } of [running, ...waiting])
      expect(await system().untilState(id, 'cancelled')).toMatchObject({ error: { message: 'all' } });
    expect(await system().job(other.id)).toMatchObject({ state: 'scheduled' });
    await system().call('POST', `/v1/jobs/${other.id}/cancel`);
  });

  it('replays dead jobs by a filter, and purges others', async () => {
    let broken = true;
    const script = system().script(() => {
      if (broken) throw new Error('broken');
      return 'whole';
    });
    const jobs = [];
    for (let i = 0; i < 3; i++)
      jobs.push(await system().post({ script }, { queue: system().sideQueue, maxAttempts: 1 }));
    for (const { id } of jobs) await system().untilState(id, 'dead');
    const [first, ...rest] = jobs;
    const dead = `/v1/queues/${system().sideQueue}/dead`;
    const purged = await finished(await system().call('DELETE', dead, { ids: [first!.id] }));
    expect(purged).toMatchObject({ state: 'finished', done: 1, total: 1 });
    expect((await system().call('GET', `/v1/jobs/${first!.id}`)).status).toBe(404);
    broken = false;
    const body = { filter: { code: 'handler_error' } };
    const replayed = await finished(await system().call('POST', `${dead}/replay`, body));
    expect(replayed).toMatchObject({ state: 'finished', failed: 0 });
    for (const { id } of rest) await system().untilState(id, 'succeeded');
  });
}
