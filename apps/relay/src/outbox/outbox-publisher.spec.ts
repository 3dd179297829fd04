import { fromBinary } from '@bufbuild/protobuf';
import { headers, JobRecordSchema, jobTopic, jobTopics, shardCount, type JobRecord } from '@baton/contracts';
import type { BrokerProducer, IncomingRecord, OutgoingRecord } from '@baton/messaging';
import { cancelJobs, inTransaction } from '@baton/persistence';
import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { deferred } from '../testing/deferred.js';
import { eventually } from '../testing/eventually.js';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { startOutbox, type TestOutbox } from '../testing/test-outbox.js';

let test: TestDatabase;
let kafka: TestBroker;
let tenant: SeededTenant;
const open: TestOutbox[] = [];

beforeAll(async () => {
  test = await createTestDatabase();
  kafka = await testBroker();
}, 120_000);
afterAll(async () => {
  await kafka.close();
  await test.close();
});
beforeEach(async () => {
  tenant = await seedTenant(test.database, 'event');
});
afterEach(async () => {
  for (const outbox of open.splice(0)) await outbox.close();
});

async function start(options: Parameters<typeof startOutbox>[2] = {}): Promise<TestOutbox> {
  const outbox = await startOutbox(test, kafka, options);
  open.push(outbox);
  await eventually('it leads all shards', () => outbox.leadership.shards.length === shardCount + 1);
  return outbox;
}

const seed = (count: number, job: Parameters<typeof seedJobs>[2][number] = {}) =>
  seedJobs(
    test.database,
    tenant,
    Array.from({ length: count }, () => job),
  );

async function countRows(table: 'outbox' | 'publish_log'): Promise<number> {
  const where = table === 'outbox' ? 'queue = $1' : 'topic = $1';
  const value = table === 'outbox' ? tenant.queue : jobTopic(tenant.queue, 'normal');
  const { rows } = await test.database.pool.query<{ n: number }>(
    `SELECT count(*) AS n FROM baton.${table} WHERE ${where}`,
    [value],
  );
  return rows[0]!.n;
}

const jobOf = (record: IncomingRecord): JobRecord => fromBinary(JobRecordSchema, record.value!);

it('publishes what was there before it led, and what it is woken for, and forgets the rows', async () => {
  await kafka.makeTopics(tenant.queue);
  const before = await seed(3, { payload: { a: 'ä' } });
  const { publisher, leadership } = await start();
  const records = await kafka.follow(jobTopics(tenant.queue));
  await eventually('the rows from before', () => records.length === 3);
  const after = await seed(2);
  publisher.wake([tenant.queue]);
  await eventually('the new rows', () => records.length === 5);
  await eventually('no rows', async () => (await countRows('outbox')) === 0);

  expect(records.map((record) => jobOf(record).jobId).sort()).toEqual([...before, ...after].sort());
  const record = records.find((each) => jobOf(each).jobId === before[0])!;
  expect(record.key!.toString()).toBe(before[0]);
  expect(jobOf(record)).toMatchObject({
    tenantId: tenant.tenantId,
    queue: tenant.queue,
    attempt: 1,
    maxAttempts: 5,
  });
  expect(Buffer.from(jobOf(record).payload).toString()).toBe('{"a":"ä"}');
  const [shard, epoch] = record.headers[headers.term]!.split(':').map(Number);
  expect(leadership.epochOf(shard!)).toBe(epoch);
  expect(record.headers).toMatchObject({
    [headers.jobId]: before[0],
    [headers.tenant]: tenant.tenantId,
    [headers.attempt]: '1',
  });
});

it('writes in the publish log where each record lies', async () => {
  await kafka.makeTopics(tenant.queue);
  await seed(20);
  await start();
  const records = await kafka.follow(jobTopics(tenant.queue));
  await eventually('all records', () => records.length === 20);
  await eventually('no rows', async () => (await countRows('outbox')) === 0);
  type Log = {
    ids: number[];
    partitions: number[];
    offsets: number[];
    terms: string[];
    first_id: number;
    last_id: number;
  };
  const { rows } = await test.database.pool.query<Log>('SELECT * FROM baton.publish_log WHERE topic = $1', [
    jobTopic(tenant.queue, 'normal'),
  ]);
  const places = new Map(records.map((record) => [Number(jobOf(record).outboxId), record]));
  const logged = rows.flatMap((row) =>
    row.ids.map((id, i) => [Number(id), row.partitions[i], Number(row.offsets[i]), row.terms[i]]),
  );
  expect(logged.length).toBe(20);
  for (const [id, partition, offset, term] of logged) {
    const record = places.get(id as number)!;
    expect([record.partition, Number(record.offset), record.headers[headers.term]]).toEqual([
      partition,
      offset,
      term,
    ]);
  }
});

it('keeps the order of ids within a shard', async () => {
  await kafka.makeTopics(tenant.queue, { partitions: 1 });
  await seed(1_600);
  await start();
  const records = await kafka.follow(jobTopics(tenant.queue));
  await eventually('all records', () => records.length >= 1_600);
  const last = new Map<string, bigint>();
  for (const record of records) {
    const shard = record.headers[headers.term]!.split(':')[0]!;
    expect(jobOf(record).outboxId).toBeGreaterThan(last.get(shard) ?? 0n);
    last.set(shard, jobOf(record).outboxId);
  }
});

it('finds a row that commits late, below the low-water mark', async () => {
  await kafka.makeTopics(tenant.queue);
  const { publisher } = await start();
  const records = await kafka.follow(jobTopics(tenant.queue));
  const [late] = await seed(1);
  // Takes the row out again inside an open transaction that will commit late, with the lowest id.
  const { rows } = await test.database.pool.query('DELETE FROM baton.outbox WHERE job_id = $1 RETURNING *', [
    late,
  ]);
  const row = rows[0] as { shard: number; id: number };
  const client = await test.database.pool.connect();
  try {
    await client.query('BEGIN');
    await client.query(
      'INSERT INTO baton.outbox (shard, queue, priority, id, job_id, attempt) VALUES ($1, $2, 1, $3, $4, 1)',
      [row.shard, tenant.queue, row.id, late],
    );
    // The mark of this very shard passes it: many rows, published and old enough to be stepped over.
    for (let i = 0; i < 4; i++) {
      await seed(300);
      publisher.wake([tenant.queue]);
      await eventually('they are published', () => records.length === 300 * (i + 1));
      await new Promise((resolve) => setTimeout(resolve, 300)); // the mark trails by 250 ms of real time
    }
    await client.query('COMMIT');
  } finally {
    client.release();
  }
  publisher.wake([tenant.queue]);
  const took = await eventually('the late row', () => records.some((record) => jobOf(record).jobId === late));
  expect(took).toBeLessThan(1_500);
});

it('forgets rows whose job is settled or was released anew, and sends nothing for them', async () => {
  await kafka.makeTopics(tenant.queue);
  const [gone, stale, good] = await seed(3);
  await test.database.pool.query(`DELETE FROM baton.job WHERE id = $1`, [gone]);
  await test.database.pool.query(`UPDATE baton.job SET attempt = 2 WHERE id = $1`, [stale]);
  await start();
  const records = await kafka.follow(jobTopics(tenant.queue));
  await eventually('no rows', async () => (await countRows('outbox')) === 0);
  await eventually('the good record', () => records.length > 0);
  expect(records.map((record) => jobOf(record).jobId)).toEqual([good]);
});

it('ends the job of a record that the broker refuses, and publishes its neighbours', async () => {
  await kafka.makeTopics(tenant.queue, { config: { 'max.message.bytes': '4000' } });
  const ids = await seedJobs(
    test.database,
    tenant,
    Array.from({ length: 40 }, (_, i) => ({ payload: i === 17 ? 'x'.repeat(20_000) : i })),
  );
  const { settled } = await start();
  const records = await kafka.follow(jobTopics(tenant.queue));
  await eventually('all others', () => new Set(records.map((record) => jobOf(record).jobId)).size === 39);
  await eventually('no rows', async () => (await countRows('outbox')) === 0);
  expect(records.map((record) => jobOf(record).jobId)).not.toContain(ids[17]);
  const { rows } = await test.database.pool.query(
    'SELECT state, error FROM baton.job_history WHERE id = $1',
    [ids[17]],
  );
  expect(rows).toEqual([{ state: 'dead', error: expect.stringContaining('refused_by_broker') as unknown }]);
  expect(settled.flatMap((report) => report.settled).map((each) => each.terminal?.state)).toEqual(['dead']);
});

it('leaves a topic whose window is full until its workers have read on', async () => {
  await kafka.makeTopics(tenant.queue, { partitions: 1 });
  await test.database.pool.query('UPDATE baton.queue SET publish_window = 10 WHERE name = $1', [
    tenant.queue,
  ]);
  await seed(25);
  await start();
  const topic = jobTopic(tenant.queue, 'normal');
  const end = async () => Number((await kafka.broker.admin.topicEndOffsets(topic))[0]!.high);
  await eventually('ten records', async () => (await end()) === 10);
  const { queue: other } = (tenant = await seedTenant(test.database, 'event'));
  await kafka.makeTopics(other);
  await seed(5);
  open[0]!.publisher.wake([other]);
  await eventually('another queue goes on', async () => (await countRows('outbox')) === 0);
  expect(await end()).toBe(10);
  // The workers' group moves on: here by trimming the log, which counts as read.
  await kafka.broker.admin.trim(topic, [{ partition: 0, offset: 8n }]);
  await eventually('eight more', async () => (await end()) === 18);
});

it('a topic that is missing is tried again, and holds up no other', async () => {
  await seed(1);
  const missing = tenant.queue;
  const { publisher } = await start();
  tenant = await seedTenant(test.database, 'event');
  await kafka.makeTopics(tenant.queue);
  await seed(1);
  publisher.wake([missing, tenant.queue]);
  await eventually('the other queue', async () => (await countRows('outbox')) === 0);
  await kafka.makeTopics(missing);
  const records = await kafka.follow(jobTopics(missing));
  await eventually('its own', () => records.length === 1, { withinMs: 20_000 });
});

it('a deposed leader deletes nothing, and logs nothing', async () => {
  await kafka.makeTopics(tenant.queue);
  const records = await kafka.follow(jobTopics(tenant.queue));
  const sent = deferred<void>();
  const go = deferred<void>();
  const { publisher, leadership } = await start({ producer: slowProducer(sent.resolve, go.promise) });
  await seed(5);
  publisher.wake([tenant.queue]);
  await sent.promise;
  const epochs = leadership.shards.map((shard) => leadership.epochOf(shard));
  // Another leader takes over between the broker's acknowledgement and the delete.
  await test.database.pool.query('UPDATE baton.relay_shard SET epoch = epoch + 1');
  const { fencedDeletes } = await import('../metrics/relay-metrics.js');
  const fencedBefore = (await fencedDeletes.get()).values[0]?.value ?? 0;
  go.resolve();
  await eventually(
    'the delete was fenced',
    async () => ((await fencedDeletes.get()).values[0]?.value ?? 0) >= fencedBefore + 5,
  );
  expect(await countRows('outbox')).toBe(5);
  expect(await countRows('publish_log')).toBe(0);
  expect(leadership.shards.map((shard) => leadership.epochOf(shard))).toEqual(epochs);
  expect(records.length).toBeGreaterThanOrEqual(5);
});

/** Sends; for the test's own queue it says so, and answers when it may. */
function slowProducer(sent: () => void, go: Promise<void>): BrokerProducer {
  const { queue } = tenant;
  const producer = kafka.broker.producer();
  const slow = {
    send: async (topic: string, records: readonly OutgoingRecord[]) => {
      const places = await producer.send(topic, records);
      if (topic !== jobTopic(queue, 'normal')) return places;
      sent();
      await go;
      return places;
    },
    close: () => producer.close(),
  };
  return slow as unknown as BrokerProducer; // of its two forms the relay uses this one
}

it('gives shards back only when their batch is sent and deleted', async () => {
  await kafka.makeTopics(tenant.queue);
  const sent = deferred<void>();
  const go = deferred<void>();
  const { publisher, leadership } = await start({ producer: slowProducer(sent.resolve, go.promise) });
  await seed(5);
  publisher.wake([tenant.queue]);
  await sent.promise;
  let released = false;
  const releasing = publisher.releaseShards(leadership.shards).then(() => (released = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(released).toBe(false);
  go.resolve();
  await releasing;
  expect(await countRows('outbox')).toBe(0);
});

it('does not send what is cancelled: its job ends, its row goes, and the others are sent', async () => {
  await kafka.makeTopics(tenant.queue);
  const [first = '', unwanted = '', last = ''] = await seed(3);
  const report = await inTransaction(test.database.pool, (tx) => cancelJobs(tx, [unwanted]));
  expect(report.requested).toEqual([unwanted]);
  const { cancelled } = await start();
  const records = await kafka.follow(jobTopics(tenant.queue));
  await eventually('no rows', async () => (await countRows('outbox')) === 0);
  await eventually('the others are sent', () => records.length === 2);
  expect(records.map((record) => jobOf(record).jobId).sort()).toEqual([first, last].sort());
  expect(cancelled.flatMap((each) => each.cancelled.map(({ jobId }) => jobId))).toEqual([unwanted]);
  const { rows } = await test.database.pool.query('SELECT state FROM baton.job_history WHERE id = $1', [
    unwanted,
  ]);
  expect(rows).toEqual([{ state: 'cancelled' }]);
});

it('comes back to a cancelled row whose lane was busy', async () => {
  await kafka.makeTopics(tenant.queue);
  const [unwanted = ''] = await seed(1, { orderingKey: 'k' });
  await inTransaction(test.database.pool, (tx) => cancelJobs(tx, [unwanted]));
  const holder = await test.database.pool.connect();
  await holder.query('BEGIN');
  await holder.query('SELECT FROM baton.lane WHERE tenant_id = $1 FOR UPDATE', [tenant.tenantId]);
  const { cancelled } = await start();
  await eventually('it was tried', () => cancelled.some((report) => report.busy.includes(unwanted)));
  await holder.query('ROLLBACK');
  holder.release();
  await eventually('no rows', async () => (await countRows('outbox')) === 0);
  expect(await countRows('publish_log')).toBe(0);
});
