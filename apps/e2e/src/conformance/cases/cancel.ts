import type { System } from '../system.js';

export function cancelCases(system: () => System): void {
  const cancel = async (id: string, reason?: string) => {
    const { status, body } = await system().call(
      'POST',
      `/v1/jobs/${id}/cancel`,
      reason ? { reason } : undefined,
    );
    return { status, body };
  };

  it('cancels at once what is not due, and what waits for its turn', async () => {
    const stage = system().stage();
    const later = await system().post({ script: stage.script }, { delay: '1h' });
    const holder = await system().post({ script: stage.script }, { orderingKey: 'cancel' });
    const running = await stage.next();
    const waiting = await system().post({ script: stage.script }, { orderingKey: 'cancel' });
    for (const { id } of [later, waiting])
      expect(await cancel(id, 'not wanted')).toMatchObject({
        status: 200,
        body: { state: 'cancelled', error: { code: 'job_cancelled', message: 'not wanted' } },
      });
    running.return();
    await system().untilState(holder.id, 'succeeded');
    expect(stage.waiting).toBe(0);
  });

  it('reaches a running handler by its signal; its lane is taken until it has let go', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { orderingKey: 'running' });
    const next = await system().post({ script: stage.script }, { orderingKey: 'running' });
    const entry = await stage.next();
    const aborted = new Promise((resolve) => entry.job.signal.addEventListener('abort', resolve));
    await system().untilState(job.id, 'running');
    expect(await cancel(job.id, 'stop')).toMatchObject({ status: 202, body: { cancelRequested: true } });
    await aborted;
    expect(entry.job.signal.reason).toMatchObject({ code: 'job_cancelled', message: 'stop' });
    expect(await system().job(next.id)).toMatchObject({ state: 'held' });
    entry.throw(entry.job.signal.reason);
    expect(await system().untilState(job.id, 'cancelled')).toMatchObject({ error: { message: 'stop' } });
    (await stage.next()).return();
    await system().untilState(next.id, 'succeeded');
  });

  it('comes too late for a handler that returns, and for a job that has ended', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script });
    const entry = await stage.next();
    await system().untilState(job.id, 'running');
    expect((await cancel(job.id)).status).toBe(202);
    entry.return('all the same');
    expect(await system().untilState(job.id, 'succeeded')).toMatchObject({ cancelRequested: true });
    expect(await system().client.wait(job.id)).toBe('all the same');
    const late = await cancel(job.id);
    expect([late.status, late.body['code']]).toEqual([409, 'state_conflict']);
    expect(late.body['detail']).toContain('succeeded');
  });

  it('ends a job whose handler does not let go within its grace', async () => {
    await system().setQueue({});
    const stage = system().stage();
    const job = await system().post({ script: stage.script });
    await stage.next();
    await system().untilState(job.id, 'running');
    await cancel(job.id);
    await system().untilState(job.id, 'cancelled');
  });

  it('does not try again what fails after the request', async () => {
    const stage = system().stage();
    const job = await system().post({ script: stage.script }, { backoff: { type: 'fixed', delay: 0 } });
    const entry = await stage.next();
    await system().untilState(job.id, 'running');
    await cancel(job.id);
    entry.throw(new Error('broken'));
    expect(await system().untilState(job.id, 'cancelled')).toMatchObject({
      error: { code: 'job_cancelled' },
    });
    expect(stage.waiting).toBe(0);
  });
}
