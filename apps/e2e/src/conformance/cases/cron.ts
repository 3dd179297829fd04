import { randomUUID } from 'node:crypto';
import { scheduleReport } from '@baton/examples/nightly-report';
import type { System } from '../system.js';

export function cronCases(system: () => System): void {
  const name = (): string => `s-${randomUUID().slice(0, 8)}`;

  it('runs a schedule once each time it is due', async () => {
    const of = name();
    const stage = system().stage();
    const put = await system().call('PUT', `/v1/schedules/${of}`, {
      cron: '0 0 * * *',
      queue: system().queue,
      payload: { script: stage.script, n: 1 },
    });
    expect(put.status).toBe(201);
    const [first, second] = put.body['nextRuns'] as string[];
    try {
      await system().shiftClock(Date.parse(first!) - Date.now() + 2_000);
      const run = await stage.next();
      expect(run.payload).toMatchObject({ n: 1 });
      run.return('done');
      await system().untilState(run.job.jobId, 'succeeded');
      const read = await system().call('GET', `/v1/schedules/${of}`);
      expect(read.body['lastRun']).toMatchObject({ at: first, jobId: run.job.jobId });
      expect((read.body['nextRuns'] as string[])[0]).toBe(second);
      expect(stage.waiting).toBe(0);
    } finally {
      await system().call('DELETE', `/v1/schedules/${of}`);
    }
  });

  it('the example of a nightly report', async () => {
    const stage = system().stage();
    const { queue, apiKey, servers } = system();
    const next = await scheduleReport({ url: servers.producer.url, apiKey }, queue, { script: stage.script });
    try {
      await system().shiftClock(Date.parse(next) - Date.now() + 2_000);
      const run = await stage.next();
      expect(run.payload).toMatchObject({ kind: 'daily' });
      run.return();
      await system().untilState(run.job.jobId, 'succeeded');
    } finally {
      await system().call('DELETE', '/v1/schedules/nightly-report');
    }
  });

  it('fires nothing while it is paused, and its job when it is triggered', async () => {
    const of = name();
    const stage = system().stage();
    const schedule = {
      cron: '0 0 * * *',
      queue: system().queue,
      payload: { script: stage.script },
      paused: true,
    };
    await system().call('PUT', `/v1/schedules/${of}`, schedule);
    try {
      await system().shiftClock(2 * 86_400_000);
      const triggered = await system().call('POST', `/v1/schedules/${of}/trigger`);
      const run = await stage.next();
      expect(run.job.jobId).toBe(triggered.body['id']);
      run.return();
      await system().untilState(run.job.jobId, 'succeeded');
      expect(stage.waiting).toBe(0);
    } finally {
      await system().call('DELETE', `/v1/schedules/${of}`);
    }
  });
}
