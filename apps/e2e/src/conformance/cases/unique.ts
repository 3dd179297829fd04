import type { Answer, System } from '../system.js';

const minute = 60_000;

export function uniqueCases(system: () => System): void {
  let key = 0;
  const newKey = (): string => `key-${++key}`;

  function post(
    payload: Record<string, unknown>,
    unique: Record<string, unknown>,
    more: Record<string, unknown> = {},
  ): Promise<Answer> {
    return system().call('POST', '/v1/jobs', { queue: system().queue, payload, unique, ...more });
  }
  const idOf = ({ body }: Answer): string => String(body['id']);

  it('reject: the second is refused until the first has ended', async () => {
    const stage = system().stage();
    const payload = { script: stage.script, account: newKey() };
    const unique = { fields: ['account'] };
    const first = await post({ ...payload, n: 1 }, unique);
    const entry = await stage.next();
    const refused = await post({ ...payload, n: 2 }, unique);
    expect([refused.status, refused.body['code']]).toEqual([409, 'unique_conflict']);
    expect(refused.body['detail']).toContain(idOf(first));
    expect((await post({ ...payload, account: newKey() }, unique)).status).toBe(202);
    (await stage.next()).return();
    entry.return();
    await system().untilState(idOf(first), 'succeeded');
    expect((await post({ ...payload, n: 3 }, unique)).status).toBe(202);
    const third = await stage.next();
    expect(third.payload['n']).toBe(3);
    third.return();
  });

  it('existing: the first is the answer, and runs once', async () => {
    const stage = system().stage();
    const unique = { key: newKey(), onConflict: 'existing' };
    const answers = await Promise.all([1, 2, 3, 4].map((n) => post({ script: stage.script, n }, unique)));
    expect(new Set(answers.map(idOf)).size).toBe(1);
    expect(answers.filter(({ body }) => body['existing'] === true)).toHaveLength(3);
    const entry = await stage.next();
    entry.return(entry.payload['n']);
    await system().untilState(idOf(answers[0]!), 'succeeded');
    expect(stage.waiting).toBe(0);
  });

  it('replace: while it waits it gets the new payload and time; once it is released it stays', async () => {
    const stage = system().stage();
    const unique = { key: newKey(), onConflict: 'replace' };
    const first = await post({ script: stage.script, n: 1 }, unique, { delay: '2h' });
    const second = await post({ script: stage.script, n: 2 }, unique, { delay: '1h' });
    expect(idOf(second)).toBe(idOf(first));
    await system().shiftClock(60 * minute);
    const entry = await stage.next();
    expect(entry).toMatchObject({ payload: { n: 2 }, job: { jobId: idOf(first) } });
    expect((await post({ script: stage.script, n: 3 }, unique)).status).toBe(409);
    entry.return();
    await system().untilState(idOf(first), 'succeeded');
  });

  it('debounce: each further one pushes it back, and it runs with the last after the quiet', async () => {
    const stage = system().stage();
    const unique = { key: newKey(), onConflict: 'debounce', within: '10m' };
    const first = await post({ script: stage.script, n: 1 }, unique);
    await system().shiftClock(6 * minute);
    expect(idOf(await post({ script: stage.script, n: 2 }, unique))).toBe(idOf(first));
    await system().shiftClock(6 * minute);
    // Another that became due at this moment has run by now; this one was pushed back.
    const other = await system().post({ script: stage.script, n: 3 });
    const entry = await stage.next();
    expect(entry.job.jobId).toBe(other.id);
    entry.return();
    expect(await system().job(idOf(first))).toMatchObject({ state: 'scheduled' });
    await system().shiftClock(4 * minute);
    const last = await stage.next();
    expect(last).toMatchObject({ payload: { n: 2 }, job: { jobId: idOf(first) } });
    last.return();
    await system().untilState(idOf(first), 'succeeded');
  });

  it('throttle: one in each window, whatever became of it', async () => {
    const stage = system().stage();
    const unique = { key: newKey(), onConflict: 'throttle', within: '10m' };
    const first = await post({ script: stage.script, n: 1 }, unique);
    (await stage.next()).return();
    await system().untilState(idOf(first), 'succeeded');
    const second = await post({ script: stage.script, n: 2 }, unique);
    expect(second.body).toMatchObject({ id: idOf(first), existing: true });
    await system().shiftClock(10 * minute);
    const third = await post({ script: stage.script, n: 3 }, unique);
    expect(idOf(third)).not.toBe(idOf(first));
    const entry = await stage.next();
    expect(entry.payload['n']).toBe(3);
    entry.return();
    await system().untilState(idOf(third), 'succeeded');
  });
}
