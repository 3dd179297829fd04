import type { FlowJob } from '@baton/client';
import type { ParentOutcome } from '@baton/worker-kit';
import type { System } from '../system.js';

/** A job of a flow, in the mode's queue where it names none. */
type Node = Omit<FlowJob, 'queue'> & { queue?: string };

export function flowCases(system: () => System): void {
  async function postFlow(nodes: readonly Node[]): Promise<Record<string, string>> {
    const jobs = nodes.map((node) => ({ queue: system().queue, ...node }));
    const flow = await system().client.enqueueFlow(jobs);
    return flow.jobs;
  }

  const returns = (): string => system().script((_payload, job) => ({ of: job.jobId }));
  /** A handler that answers with what it sees of its parents. */
  const tellsParents = (): string =>
    system().script((_payload, job) =>
      Object.fromEntries([...job.parents()].map(([name, parent]) => [name, seen(parent)])),
    );
  const seen = ({ id, state, result, missing }: ParentOutcome) => ({ id, state, result, missing });

  it('a chain: each runs after the one before it, and sees its result', async () => {
    const [stage, tells] = [system().stage(), tellsParents()];
    const ids = await postFlow([
      { name: 'last', payload: { script: tells }, dependsOn: ['middle'] },
      { name: 'middle', payload: { script: tells }, dependsOn: ['first'] },
      { name: 'first', payload: { script: stage.script } },
    ]);
    const entry = await stage.next();
    expect(entry.job.parents().size).toBe(0);
    expect(await system().job(ids['middle']!)).toMatchObject({ state: 'held', reason: 'parents' });
    entry.return({ made: 7 });
    const first = { id: ids['first'], state: 'succeeded', result: { made: 7 } };
    await system().untilState(ids['last']!, 'succeeded');
    expect(await system().client.wait(ids['middle']!)).toEqual({ first });
    expect(await system().client.wait(ids['last']!)).toEqual({
      middle: { id: ids['middle'], state: 'succeeded', result: { first } },
    });
  });

  it('fans out and in again: over queues, the last waits for all, and sees them all', async () => {
    const stage = system().stage();
    const queue = system().sideQueue;
    const names = ['a', 'b', 'c'];
    const ids = await postFlow([
      { name: 'root', payload: { script: returns() } },
      ...names.map((name) => ({ name, queue, payload: { script: stage.script, name }, dependsOn: ['root'] })),
      { name: 'report', payload: { script: tellsParents() }, dependsOn: names },
    ]);
    const entries = [await stage.next(), await stage.next(), await stage.next()];
    for (const [i, { payload, ...entry }] of entries.entries()) {
      expect(await system().job(ids['report']!)).toMatchObject({ state: 'held', pendingParents: 3 - i });
      entry.return(payload['name']);
      await system().untilState(ids[payload['name'] as string]!, 'succeeded');
      await system().until(ids['report']!, (job) => job['pendingParents'] === 2 - i);
    }
    const results = names.map((name) => [name, { id: ids[name], state: 'succeeded', result: name }]);
    expect(await system().client.wait(ids['report']!)).toEqual(Object.fromEntries(results));
  });

  it('a dead parent: cancels its child and those after it, or lets it run, or holds it until a replay', async () => {
    const [stage, tells] = [system().stage(), tellsParents()];
    const after = (onFailure: 'cancel' | 'run' | 'hold') => [{ job: 'root', onFailure }];
    const ids = await postFlow([
      { name: 'root', payload: { script: stage.script }, maxAttempts: 1 },
      { name: 'cancels', payload: { script: tells }, dependsOn: after('cancel') },
      { name: 'next', payload: { script: tells }, dependsOn: ['cancels'] },
      { name: 'runs', payload: { script: tells }, dependsOn: after('run') },
      { name: 'holds', payload: { script: tells }, dependsOn: after('hold') },
    ]);
    (await stage.next()).throw(new Error('broken'));
    for (const name of ['cancels', 'next'])
      expect(await system().untilState(ids[name]!, 'cancelled')).toMatchObject({
        error: { code: 'parent_failed' },
      });
    await system().untilState(ids['runs']!, 'succeeded');
    expect(await system().client.wait(ids['runs']!)).toMatchObject({ root: { state: 'dead' } });
    expect(await system().job(ids['holds']!)).toMatchObject({ state: 'held', reason: 'parents' });
    await system().call('POST', `/v1/jobs/${ids['root']}/retry`);
    (await stage.next()).return('healed');
    await system().untilState(ids['holds']!, 'succeeded');
    const root = { id: ids['root'], state: 'succeeded', result: 'healed' };
    expect(await system().client.wait(ids['holds']!)).toEqual({ root });
  });

  it('a cancel goes down to the children, of those that hold out for a replay too', async () => {
    const script = returns();
    const ids = await postFlow([
      { name: 'root', payload: { script }, delay: '1h' },
      { name: 'child', payload: { script }, dependsOn: ['root'] },
      { name: 'grandchild', payload: { script }, dependsOn: ['child'] },
      { name: 'holds', payload: { script }, dependsOn: [{ job: 'root', onFailure: 'hold' }] },
    ]);
    await system().call('POST', `/v1/jobs/${ids['root']}/cancel`);
    for (const name of ['child', 'grandchild', 'holds'])
      expect(await system().untilState(ids[name]!, 'cancelled')).toMatchObject({
        error: { code: 'parent_failed' },
      });
  });

  it('a job names those that are there by their ids, ended or not', async () => {
    const [stage, tells] = [system().stage(), tellsParents()];
    const done = await system().post({ script: returns() });
    await system().untilState(done.id, 'succeeded');
    const live = await system().post({ script: stage.script });
    const entry = await stage.next();
    const posted = await system().call('POST', '/v1/jobs', {
      queue: system().queue,
      payload: { script: tells },
      dependsOn: [done.id, live.id],
    });
    expect(posted.body).toMatchObject({ state: 'held' });
    const id = String(posted.body['id']);
    expect(await system().job(id)).toMatchObject({ state: 'held', parents: 2, pendingParents: 1 });
    entry.return(null);
    await system().untilState(id, 'succeeded');
    expect(await system().client.wait(id)).toEqual({
      [done.id]: { id: done.id, state: 'succeeded', result: { of: done.id } },
      [live.id]: { id: live.id, state: 'succeeded', result: null },
    });
  });
}
