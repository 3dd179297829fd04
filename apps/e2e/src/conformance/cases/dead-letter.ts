import type { System } from '../system.js';

export function deadLetterCases(system: () => System): void {
  const call = (method: string, path: string, body?: unknown) => system().call(method, path, body);
  const fatal = { maxAttempts: 1 };

  async function deadJob(payload: Record<string, unknown> = {}): Promise<string> {
    const script = system().script(({ heal }) => {
      if (!heal) throw new Error('broken');
      return 'healed';
    });
    const { id } = await system().post({ script, ...payload }, fatal);
    await system().untilState(id, 'dead');
    return id;
  }

  it('lists a job that has failed for good, and replays it in a new generation', async () => {
    const stage = system().stage();
    const { id } = await system().post({ script: stage.script }, fatal);
    (await stage.next()).throw(new Error('broken'));
    await system().untilState(id, 'dead');
    const listed = await call('GET', `/v1/queues/${system().queue}/dead?code=handler_error`);
    expect(listed.body.items?.map((job) => job['id'])).toContain(id);
    expect((await call('POST', `/v1/jobs/${id}/retry`)).status).toBe(202);
    const entry = await stage.next();
    expect(entry.job).toMatchObject({ attempt: 2, failures: 0 });
    entry.return('now it works');
    expect(await system().untilState(id, 'succeeded')).toMatchObject({ generation: 1, failures: 0 });
    expect(await system().client.wait(id)).toBe('now it works');
    const again = await call('POST', `/v1/jobs/${id}/retry`);
    expect([again.status, again.body['code']]).toEqual([409, 'state_conflict']);
  });

  it('replays with another payload', async () => {
    const id = await deadJob();
    const { body: dead } = await call('GET', `/v1/jobs/${id}`);
    const payload = { ...(dead['payload'] as object), heal: true };
    const answer = await call('POST', `/v1/queues/${system().queue}/dead/replay`, { ids: [id], payload });
    expect(answer.status).toBe(202);
    await system().untilState(id, 'succeeded');
    expect(await system().client.wait(id)).toBe('healed');
  });

  it('goes to the tail of its lane', async () => {
    const stage = system().stage();
    const { id } = await system().post({ script: stage.script, n: 1 }, { ...fatal, orderingKey: 'dead' });
    (await stage.next()).throw(new Error('broken'));
    await system().untilState(id, 'dead');
    await system().post({ script: stage.script, n: 2 }, { orderingKey: 'dead' });
    await system().post({ script: stage.script, n: 3 }, { orderingKey: 'dead' });
    const second = await stage.next();
    await call('POST', `/v1/jobs/${id}/retry`);
    await system().until(id, (job) => job.state === 'held');
    second.return();
    const third = await stage.next();
    third.return();
    const last = await stage.next();
    last.return();
    expect([second, third, last].map((entry) => entry.payload['n'])).toEqual([2, 3, 1]);
    await system().untilState(id, 'succeeded');
  });
}
