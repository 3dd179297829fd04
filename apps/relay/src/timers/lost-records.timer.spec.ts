import { randomUUID } from 'node:crypto';
import { channels, jobGroup, jobTopic, timersShard } from '@baton/contracts';
import type { BrokerProducer, IncomingRecord } from '@baton/messaging';
import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { wakeLost } from '@baton/tracing';
import { eventually } from '../testing/eventually.js';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { inboxTopics, startInbox, type InboxTopics, type TestInbox } from '../testing/test-inbox.js';
import { startOutbox } from '../testing/test-outbox.js';
import { startTimers, type TestTimers } from '../testing/test-timers.js';
import { executionOf, TestWorker } from '../testing/test-worker.js';

let test: TestDatabase;
let kafka: TestBroker;
let producer: BrokerProducer;
let tenant: SeededTenant;
let names: InboxTopics;
const closers: { close(): Promise<void> }[] = [];

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
  await kafka.makeTopics(tenant.queue);
  names = await inboxTopics(kafka);
});
afterEach(async () => {
  for (const each of closers.splice(0).reverse()) await each.close();
});
const kept = <T extends { close(): Promise<void> }>(each: T): T => {
  closers.push(each);
  return each;
};

/** By a leader that leaves then: the timers are led by another. */
async function publishAll(): Promise<void> {
  const outbox = await startOutbox(test, kafka);
  await eventually('all is published', async () => {
    outbox.publisher.wake([tenant.queue]);
    const { rows } = await test.database.pool.query('SELECT FROM baton.outbox WHERE queue = $1', [
      tenant.queue,
    ]);
    return rows.length === 0;
  });
  await outbox.close();
}

const topic = (): string => jobTopic(tenant.queue, 'normal');
const inbox = async (): Promise<TestInbox> => kept(await startInbox(test, kafka, { names }));

async function timers(agedMs = 0): Promise<TestTimers> {
  const options = {
    kafka: { broker: kafka.broker, producer },
    lostRecords: { outcomesTopic: names.outcomes, agedMs },
  };
  const started = kept(await startTimers(test, options));
  await eventually('it leads the timers', () => started.leadership.shards.includes(timersShard));
  return started;
}

async function jobs(): Promise<{ id: string; state: string; attempt: number }[]> {
  const { rows } = await test.database.pool.query<{ id: string; state: string; attempt: number }>(
    'SELECT id, state::text, attempt FROM baton.job WHERE queue = $1 ORDER BY id',
    [tenant.queue],
  );
  return rows;
}

/** So many more looks of the timer. */
async function looks(wanted: number): Promise<void> {
  const { timerRuns } = await import('../metrics/relay-metrics.js');
  const count = async (): Promise<number> =>
    (await timerRuns.get()).values
      .filter(({ labels }) => labels.timer === 'lost-records')
      .reduce((sum, { value }) => sum + value, 0);
  const before = await count();
  await eventually('the timer looks', async () => (await count()) >= before + wanted, { withinMs: 20_000 });
}

/** A worker that reads everything, and commits what it is told to. */
async function worker(groupId = jobGroup(tenant.queue)) {
  const read: IncomingRecord[] = [];
  const consumer = kafka.broker.consumer({ groupId, topics: [topic()], maxWaitMs: 50 });
  await consumer.run({ onRecords: ({ records }) => void read.push(...records) });
  closers.push({ close: () => consumer.stop() });
  return {
    read,
    commit: async (): Promise<void> => {
      const ends = new Map<number, bigint>();
      for (const { partition, offset } of read) ends.set(partition, offset + 1n);
      const offsets = [...ends].map(([partition, offset]) => ({ topic: topic(), partition, offset }));
      expect((await consumer.commit(offsets)).refused).toEqual([]);
    },
  };
}

it('releases again what its workers have passed and nobody has heard of, and nothing that lies unread', async () => {
  const [id] = await seedJobs(test.database, tenant, [{}]);
  await publishAll();
  await inbox();
  const { read, commit } = await worker();
  await eventually('it is read', () => read.length === 1);
  const first = await timers();
  await looks(3);
  expect(await jobs()).toEqual([{ id, state: 'queued', attempt: 1 }]);
  await commit();
  await eventually('it is released again', async () => (await jobs())[0]?.attempt === 2);
  expect(first.woken).toContain(`${channels.outbox} ${tenant.queue}`);
  expect((await wakeLost.get()).values.find(({ labels }) => labels.queue === tenant.queue)?.value).toBe(1);
  const { rows } = await test.database.pool.query('SELECT outcome FROM baton.job_attempt WHERE job_id = $1', [
    id,
  ]);
  expect(rows).toEqual([{ outcome: 'lost' }]);
  // Its new record lies in the outbox, and then unread on the topic: it is not released a third time.
  await looks(3);
  await first.close();
  await publishAll();
  await timers();
  await eventually('it is published anew', () => read.length === 2);
  await looks(3);
  expect((await jobs())[0]?.attempt).toBe(2);
});

it('a deadline that goes by has the record looked for at once, however young it is', async () => {
  const [id] = await seedJobs(test.database, tenant, [{}]);
  await publishAll();
  await inbox();
  const { read, commit } = await worker();
  await eventually('it is read', () => read.length === 1);
  await commit();
  const { timers: started } = await timers(3_600_000);
  expect(await jobs()).toEqual([{ id, state: 'queued', attempt: 1 }]);
  await test.database.pool.query(
    'UPDATE baton.job SET expect_ms = 1, deadline_at = baton.now() WHERE id = $1',
    [id],
  );
  started.wakeDue([Date.now()]);
  await eventually('it is released again', async () => (await jobs())[0]?.attempt === 2);
});

it('waits until the inbox has applied all that was said before', async () => {
  const [id] = await seedJobs(test.database, tenant, [{}]);
  await publishAll();
  const { read, commit } = await worker();
  await eventually('it is read', () => read.length === 1);
  const speaker = new TestWorker(producer, names.outcomes, 1);
  await speaker.say(speaker.registered(tenant.queue), speaker.started(await executionOf(test.database, id!)));
  await commit();
  await timers();
  // No inbox reads yet.
  await looks(5);
  expect(await jobs()).toEqual([{ id, state: 'queued', attempt: 1 }]);
  await inbox();
  await eventually('its start is known', async () => (await jobs())[0]?.state === 'running');
  await looks(3);
  expect(await jobs()).toEqual([{ id, state: 'running', attempt: 1 }]);
});

it('releases again what was trimmed away, and what lay on a topic that was deleted', async () => {
  await seedJobs(test.database, tenant, [{}]);
  await publishAll();
  await inbox();
  const ends = await kafka.broker.admin.topicEndOffsets(topic());
  await kafka.broker.admin.trim(
    topic(),
    ends.map(({ partition, high }) => ({ partition, offset: high })),
  );
  const first = await timers();
  await eventually('it is released again', async () => (await jobs())[0]?.attempt === 2);
  await first.close();
  await publishAll();
  await kafka.broker.admin.deleteTopics([topic()]);
  await timers();
  await eventually('and again', async () => (await jobs())[0]?.attempt === 3, { withinMs: 30_000 });
});

it('a renamed group reads anew what is left, and nothing is released for it', async () => {
  const [done, open] = await seedJobs(test.database, tenant, [{}, {}]);
  await publishAll();
  const settled = await inbox();
  const old = await worker(`renamed-${randomUUID()}`);
  await eventually('both are read', () => old.read.length === 2);
  const speaker = new TestWorker(producer, names.outcomes);
  await speaker.say(speaker.registered(tenant.queue), speaker.ended(await executionOf(test.database, done!)));
  await old.commit();
  await eventually('one has ended', () => settled.told.length === 1);
  await timers();
  await looks(3);
  expect(await jobs()).toEqual([{ id: open, state: 'queued', attempt: 1 }]);
  const renamed = await worker();
  await eventually('both are read again', () => renamed.read.length === 2);
});
