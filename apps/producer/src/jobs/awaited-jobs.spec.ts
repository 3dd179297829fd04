import { randomUUID } from 'node:crypto';
import type { OutcomeKind } from '@baton/contracts';
import { claimJobs, Notifier, registerWorker, settleBatch, type Settlement } from '@baton/persistence';
import { NotifyOutcomeFeed, WaitingRoom } from '@baton/results';
import { verifyJobToken, deriveJobTokenKey } from '@baton/service';
import { TestProducer } from '../testing/test-producer.js';

let producer: TestProducer;
let notifier: Notifier;
beforeAll(async () => {
  producer = await TestProducer.start();
  notifier = new Notifier(producer.test.url, { applicationName: 'test', log: () => undefined });
});
afterAll(async () => {
  await notifier.close();
  await producer.close();
});

/** Runs the queue's next job, once it is there. */
async function run(queue: string, kind: OutcomeKind, more: Partial<Settlement>): Promise<void> {
  const { pool } = producer.test.database;
  const workerId = randomUUID();
  await registerWorker(pool, { id: workerId, source: 'polling', host: 'test', pid: 1, queues: [queue] });
  for (;;) {
    const executionIds = [randomUUID()];
    const [job] = await claimJobs(pool, { workerId, queues: [queue], executionIds, extendLease: false });
    if (!job) continue;
    const { jobId, attempt, executionId, tenantId } = job;
    const said = { jobId, attempt, executionId, tenantId, queue, workerId, orderingKey: undefined, kind };
    const { settled } = await settleBatch(pool, [{ ...said, startedAtMs: 0, finishedAtMs: 0, ...more }]);
    await new NotifyOutcomeFeed(notifier).publish(settled.flatMap((s) => (s.terminal ? [s.terminal] : [])));
    return;
  }
}

const post = (key: string, queue: string, prefer: string) =>
  producer.call('POST', '/v1/jobs', { key, body: { queue }, headers: { prefer } });

it('answers 200 with the result when it is there in time', async () => {
  const { key, queue } = await producer.tenant();
  const answer = post(key, queue, 'wait=20');
  await run(queue, 'succeeded', { result: { kind: 'json', json: '{"n":1}' } });
  const { statusCode, headers, json } = await answer;
  expect(statusCode).toBe(200);
  expect(headers['preference-applied']).toMatch(/^wait=\d+$/);
  expect(json()).toMatchObject({
    state: 'succeeded',
    result: { n: 1 },
    cursor: '0:4',
    token: expect.any(String) as string,
  });
});

it('answers 202 with the job as it is: dead, or not there yet', async () => {
  const { key, queue } = await producer.tenant();
  const answer = post(key, queue, 'wait=20');
  await run(queue, 'failed', { error: { code: 'handler_fatal', message: 'boom', retryable: false } });
  expect((await answer).statusCode).toBe(202);
  expect((await answer).json()).toMatchObject({ state: 'dead', error: { message: 'boom' } });
  const late = await post(key, queue, 'wait=1');
  expect(late.statusCode).toBe(202);
  expect(late.json()).toMatchObject({ state: 'queued' });
});

it('says what is wrong with a wait without seconds, and accepts the job; a full waiting room makes no error of it', async () => {
  const { key, queue } = await producer.tenant();
  const vague = await post(key, queue, 'wait');
  expect(vague.statusCode).toBe(202);
  expect(vague.headers['baton-advice']).toMatch(/needs whole seconds/);
  const held = Array.from({ length: 101 }, () => post(key, queue, 'wait=50'));
  const first = await Promise.race(held);
  expect(first.statusCode).toBe(202);
  expect(first.headers['baton-advice']).toMatch(/100 held requests are open/);
  producer.app.get(WaitingRoom, { strict: false }).drain();
  expect((await Promise.all(held)).every(({ statusCode }) => statusCode === 202)).toBe(true);
  producer.app.get<WaitingRoom, { closed: boolean }>(WaitingRoom, { strict: false }).closed = false;
});

it('gives a fresh token for one job, to its key and to a token of it', async () => {
  const { key, queue } = await producer.tenant();
  const { id, token } = (await producer.call('POST', '/v1/jobs', { key, body: { queue } })).json<{
    id: string;
    token: string;
  }>();
  for (const bearer of [key, token]) {
    const fresh = await producer.call('POST', `/v1/jobs/${id}/token`, { key: bearer });
    expect(fresh.statusCode).toBe(200);
    const { token: given, expiresAt } = fresh.json<{ token: string; expiresAt: string }>();
    const claims = verifyJobToken(deriveJobTokenKey(producer.masterKey), given, { jobId: id });
    expect(new Date(claims.exp * 1_000).toISOString()).toBe(expiresAt);
  }
  expect((await producer.call('POST', `/v1/jobs/${randomUUID()}/token`, { key })).statusCode).toBe(404);
  expect((await producer.call('POST', `/v1/jobs/${randomUUID()}/token`, { key: token })).statusCode).toBe(
    401,
  );
});
