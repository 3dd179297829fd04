import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import type { BrokerProducer } from '@baton/messaging';
import { eventually } from '../testing/eventually.js';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { inboxTopics, startInbox, type InboxTopics, type TestInbox } from '../testing/test-inbox.js';
import { executionOf, TestWorker } from '../testing/test-worker.js';

let test: TestDatabase;
let kafka: TestBroker;
let producer: BrokerProducer;
let tenant: SeededTenant;
let names: InboxTopics;
let worker: TestWorker;
let inbox: TestInbox;

beforeAll(async () => {
  test = await createTestDatabase();
  kafka = await testBroker();
  producer = kafka.broker.producer();
}, 120_000);
afterAll(async () => {
  await kafka.close();
  await test.close();
});
beforeEach(async () => {
  tenant = await seedTenant(test.database, 'event');
  names = await inboxTopics(kafka);
  worker = new TestWorker(producer, names.outcomes);
  inbox = await startInbox(test, kafka, { names });
});
afterEach(() => inbox.close());

async function jobOf(
  id: string | undefined,
): Promise<{ state: string; attempt: number; careful: boolean } | undefined> {
  const { rows } = await test.database.pool.query<{ state: string; attempt: number; careful: boolean }>(
    'SELECT state::text, attempt, careful FROM baton.job WHERE id = $1',
    [id],
  );
  return rows[0];
}

/** The heartbeats are looked at when progress is written. */
async function written(): Promise<void> {
  const offset = async (): Promise<number> => {
    const { rows } = await test.database.pool.query<{ at: number }>(
      'SELECT coalesce(max(reached_offset), -1)::int AS at FROM baton.inbox_progress WHERE partition = 0',
    );
    return rows[0]!.at;
  };
  const end = (await kafka.broker.admin.topicEndOffsets(names.outcomes)).find(
    ({ partition }) => partition === 0,
  )!;
  await eventually('the inbox has come so far', async () => (await offset()) >= Number(end.high) - 1);
}

beforeEach(() => test.database.pool.query('DELETE FROM baton.inbox_progress'));

it('an execution missing from two heartbeats of its worker runs again elsewhere, and its worker is told', async () => {
  const [lost, kept] = await seedJobs(test.database, tenant, [{}, {}]);
  const [a, b] = [await executionOf(test.database, lost!), await executionOf(test.database, kept!)];
  const control = await kafka.follow([names.control]);
  await worker.say(worker.registered(tenant.queue), worker.started(a), worker.started(b));
  await worker.say(worker.heartbeat(b.executionId));
  await written();
  expect(await jobOf(lost)).toMatchObject({ state: 'running', attempt: 1 });
  await worker.say(worker.heartbeat(b.executionId));
  await eventually('it is released again', async () => (await jobOf(lost))?.attempt === 2);
  expect(await jobOf(lost)).toEqual({ state: 'queued', attempt: 2, careful: false });
  expect(await jobOf(kept)).toMatchObject({ state: 'running', attempt: 1 });
  await eventually('its worker is told', () => control.length === 1);
  expect(control[0]!.key!.toString()).toBe(a.executionId);
});

it('a job that is announced after a heartbeat is not missing from it', async () => {
  const [early, late] = await seedJobs(test.database, tenant, [{}, {}]);
  const [a, b] = [await executionOf(test.database, early!), await executionOf(test.database, late!)];
  await worker.say(worker.registered(tenant.queue), worker.started(a));
  for (let i = 0; i < 2; i++) {
    await worker.say(worker.heartbeat(a.executionId));
    if (i === 0) await worker.say(worker.started(b));
    await written();
    expect((await jobOf(late))?.attempt).toBe(1);
    await worker.say(worker.heartbeat(a.executionId, b.executionId));
    await written();
    expect(await jobOf(late)).toMatchObject({ state: 'running', attempt: 1 });
  }
});
