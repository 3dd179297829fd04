import { fromBinary } from '@bufbuild/protobuf';
import {
  cancelKey,
  channels,
  ControlSchema,
  jobGroup,
  jobTopic,
  topics,
  systemTopics,
} from '@baton/contracts';
import type { BrokerProducer, IncomingRecord } from '@baton/messaging';
import { cancelJobs, inTransaction, type TerminalOutcome } from '@baton/persistence';
import { createTestDatabase, seedJobs, seedTenant, type TestDatabase } from '@baton/persistence/testing';
import { Announcer } from '../announce/announcer.js';
import { eventually } from '../testing/eventually.js';
import { silent } from '../testing/replica.js';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { startOutbox } from '../testing/test-outbox.js';
import { CancelTimer } from './cancel.timer.js';

let test: TestDatabase;
let kafka: TestBroker;
let producer: BrokerProducer;
let control: IncomingRecord[];
const told: TerminalOutcome[] = [];
const woken: string[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
  kafka = await testBroker();
  producer = kafka.broker.producer();
  await kafka.broker.admin.ensureTopics(systemTopics);
  control = await kafka.follow([topics.control]);
}, 120_000);
afterAll(async () => {
  await producer.close();
  await kafka.close();
  await test.close();
});
beforeEach(() => {
  told.length = 0;
  woken.length = 0;
});

function timer(): CancelTimer {
  const feed = {
    publish: async (some: readonly TerminalOutcome[]) => void told.push(...some),
    wake: async () => {},
    close: async () => {},
  };
  const announcer = new Announcer({ wake: (channel, item) => void woken.push(`${channel} ${item}`) }, feed);
  const { admin } = kafka.broker;
  return new CancelTimer({
    database: test.database,
    announcer,
    control: { producer, admin, topic: topics.control },
    log: silent,
  });
}

async function requested(jobIds: string[]): Promise<void> {
  await inTransaction(test.database.pool, async (tx) => {
    const report = await cancelJobs(tx, jobIds, { reason: 'not wanted' });
    expect(report.requested.sort()).toEqual([...jobIds].sort());
  });
}

/** What the control topic says of a job, in order: the attempt, or null for a tombstone. */
const saidOf = (jobId: string) =>
  control
    .filter(({ key }) => key?.toString() === cancelKey(jobId))
    .map(({ value }) => {
      if (value === null) return null;
      const said = fromBinary(ControlSchema, value).control;
      return said.case === 'cancelled' ? said.value.attempt : said.case;
    });

const stateOf = async (id: string) =>
  (
    await test.database.pool.query<{ state: string }>(
      `SELECT state FROM baton.job WHERE id = $1 UNION ALL SELECT state FROM baton.job_history WHERE id = $1`,
      [id],
    )
  ).rows.map(({ state }) => state);

it('tells the workers, once, and again from PostgreSQL in case that the record was lost', async () => {
  const tenant = await seedTenant(test.database, 'event');
  const [id = ''] = await seedJobs(test.database, tenant, [{}]);
  await requested([id]);
  expect(await timer().look()).toMatchObject({ found: true });
  await eventually('it is told', () => saidOf(id).length === 1);
  expect(saidOf(id)).toEqual([1]);
  // Another leader, who took over from one that is frozen, knows that it was told.
  expect(await timer().look()).toMatchObject({ found: false });
  await test.shiftClock(10_001);
  await timer().look();
  await eventually('it is told again', () => saidOf(id).length === 2);
  await test.shiftClock(-10_001);
});

it('looks again when the next grace ends, and ends what has not let go', async () => {
  const tenant = await seedTenant(test.database, 'event');
  const [first = '', second = ''] = await seedJobs(test.database, tenant, [
    { orderingKey: 'k' },
    { orderingKey: 'k' },
  ]);
  await requested([first]);
  const { nextMs } = await timer().look();
  expect(nextMs).toBeLessThanOrEqual(5_000);
  expect(await stateOf(first)).toEqual(['queued']);
  await test.shiftClock(30_001);
  await timer().look();
  expect(await stateOf(first)).toEqual(['cancelled']);
  expect(told.filter(({ jobId }) => jobId === first)).toMatchObject([
    { state: 'cancelled', error: { message: 'not wanted' } },
  ]);
  expect(await stateOf(second)).toEqual(['queued']); // until then the lane was taken
  expect(woken).toContain(`${channels.outbox} ${tenant.queue}`);
  await test.shiftClock(-30_001);
});

it('takes the entry away when the queue’s workers have committed beyond the record', async () => {
  const tenant = await seedTenant(test.database, 'event');
  await kafka.makeTopics(tenant.queue, { partitions: 1 });
  const topic = jobTopic(tenant.queue, 'normal');
  const [id = ''] = await seedJobs(test.database, tenant, [{}]);
  await test.database.pool.query(
    'UPDATE baton.job j SET outbox_id = o.id FROM baton.outbox o WHERE o.job_id = j.id AND j.id = $1',
    [id],
  );
  const outbox = await startOutbox(test, kafka);
  try {
    const records = await kafka.follow([topic]);
    outbox.publisher.wake([tenant.queue]);
    await eventually('it is published', () => records.length === 1);
    await eventually('its row is gone', async () => {
      const { rows } = await test.database.pool.query('SELECT FROM baton.outbox WHERE job_id = $1', [id]);
      return rows.length === 0;
    });
  } finally {
    await outbox.close();
  }
  await requested([id]);
  await timer().look();
  await test.shiftClock(30_001);
  await timer().look();
  expect(await stateOf(id)).toEqual(['cancelled']);
  await timer().look();
  expect(saidOf(id)).not.toContain(null); // a worker may still read the record
  await commitAll(tenant.queue, topic);
  await eventually('the tombstone is there', async () => {
    await timer().look();
    return saidOf(id).includes(null);
  });
  const { rows } = await test.database.pool.query('SELECT FROM baton.cancel_notice WHERE job_id = $1', [id]);
  expect(rows).toHaveLength(0);
  await test.shiftClock(-30_001);
});

/** As the queue's workers do when they have read everything. */
async function commitAll(queue: string, topic: string): Promise<void> {
  const consumer = kafka.broker.consumer({ groupId: jobGroup(queue), topics: [topic], maxWaitMs: 50 });
  const committed = Promise.withResolvers<void>();
  await consumer.run({
    onAssigned: () => undefined,
    onLost: () => undefined,
    onRecords: (batch) => {
      const offset = batch.records.at(-1)!.offset + 1n;
      consumer
        .commit([{ topic, partition: batch.partition, offset, metadata: '' }])
        .then(() => committed.resolve(), committed.reject);
    },
    onCrash: () => undefined,
  });
  await committed.promise;
  await consumer.stop();
}
