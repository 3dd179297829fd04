import { randomUUID } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { JobEventSchema, QueueEventSchema } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import { claimJobs, inTransaction, registerWorker, replayDead, settleBatch } from '@baton/persistence';
import { createTestDatabase, seedTenant, type TestDatabase } from '@baton/persistence/testing';
import { eventually } from '../testing/eventually.js';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { EventsTimer } from './events.timer.js';

let test: TestDatabase;
let kafka: TestBroker;
let producer: BrokerProducer;
const topic = `events-${randomUUID()}`;

beforeAll(async () => {
  test = await createTestDatabase();
  kafka = await testBroker();
  await kafka.broker.admin.ensureTopics([{ topic, partitions: 3, config: {} }]);
  producer = kafka.broker.producer();
});
afterAll(async () => {
  await producer.close();
  await kafka.close();
  await test.close();
});

const query = (text: string, values: unknown[] = []) => test.database.pool.query(text, values);

async function insertJob(tenantId: string, queue: string): Promise<string> {
  const { rows } = await query(
    `INSERT INTO baton.job (id, tenant_id, queue, state, mode, priority, payload, attempt, max_attempts, timeout_ms, seq,
       queued_seq, created_at, queued_at, follows)
     VALUES (gen_random_uuid(), $1, $2, 'queued', 'polling', 1, 'null', 1, 5, 1000, 2, 2, baton.now(), baton.now(), true)
     RETURNING id`,
    [tenantId, queue],
  );
  return (rows[0] as { id: string }).id;
}

it('publishes the whole log of a job, in order, once its queue has events on, and forgets the job', async () => {
  const { tenantId, queue } = await seedTenant(test.database);
  const silent = await insertJob(tenantId, queue);
  await query('UPDATE baton.queue SET events = true WHERE name = $1', [queue]);
  const id = await insertJob(tenantId, queue);
  const timer = new EventsTimer(test.database, producer, topic);
  expect(await timer.look()).toEqual({ found: true, nextMs: 250 });
  const workerId = randomUUID();
  const { pool } = test.database;
  await registerWorker(pool, { id: workerId, source: 'polling', host: 'h', pid: 1, queues: [queue] });
  const executionIds = [randomUUID(), randomUUID()];
  for (const job of await claimJobs(pool, { workerId, queues: [queue], executionIds, extendLease: false })) {
    const { jobId, attempt, executionId } = job;
    const said = {
      jobId,
      attempt,
      executionId,
      tenantId,
      queue,
      workerId,
      orderingKey: undefined,
      startedAtMs: 0,
    };
    await settleBatch(pool, [{ ...said, kind: 'succeeded', result: { kind: 'json', json: '{"n":1}' } }]);
  }
  expect(await timer.look()).toEqual({ found: true, nextMs: 1_000 });
  expect(await timer.look()).toEqual({ found: false, nextMs: 1_000 });
  expect((await query('SELECT FROM baton.event_cursor')).rowCount).toBe(0);

  const records = await kafka.follow([topic]);
  const schemaOf = (each: (typeof records)[number]) => each.headers['baton-schema'];
  const ofJobs = () => records.filter((each) => schemaOf(each) === JobEventSchema.typeName);
  await eventually('all are read', () => ofJobs().length === 4);
  const told = ofJobs().map((each) => fromBinary(JobEventSchema, each.value!));
  expect(told.map(({ jobId, seq, type }) => `${jobId === id} ${seq} ${type}`)).toEqual([
    'true 1 job.accepted',
    'true 2 job.queued',
    'true 3 attempt.started',
    'true 4 job.succeeded',
  ]);
  expect(told.some(({ jobId }) => jobId === silent)).toBe(false);
  expect(JSON.parse(Buffer.from(told[3]!.data).toString())).toMatchObject({ result: { n: 1 } });
});

it('a job is replayed once the end of its log is published: nothing of the old generation is lost', async () => {
  const { tenantId, queue } = await seedTenant(test.database);
  const { pool } = test.database;
  await query('UPDATE baton.queue SET events = true WHERE name = $1', [queue]);
  const id = await insertJob(tenantId, queue);
  const said = { jobId: id, attempt: 1, executionId: randomUUID(), workerId: randomUUID(), tenantId, queue };
  const error = { code: 'handler_error' as const, message: 'no', retryable: false };
  await settleBatch(pool, [{ ...said, kind: 'failed', orderingKey: undefined, startedAtMs: 0, error }]);
  const replay = () => inTransaction(pool, (tx) => replayDead(tx, { tenantId, jobIds: [id] }));
  expect(await replay()).toMatchObject({ replayed: [], unpublished: new Set([id]) });
  const timer = new EventsTimer(test.database, producer, topic);
  await timer.look();
  expect(await replay()).toMatchObject({ replayed: [{ jobId: id }], unpublished: new Set() });
  await timer.look();
  const records = await kafka.follow([topic]);
  const own = () => records.filter((each) => each.key?.toString() === id);
  await eventually('all are read', () => own().length >= 5);
  expect(
    own().map(({ value }) => {
      const { generation, seq, type } = fromBinary(JobEventSchema, value!);
      return `${generation}:${seq} ${type}`;
    }),
  ).toEqual([
    '0:1 job.accepted',
    '0:2 job.queued',
    '0:3 attempt.started',
    '0:4 job.dead',
    '1:1 job.replayed',
  ]);
});

it('publishes what happens to queues', async () => {
  const { queue } = await seedTenant(test.database);
  await query(`UPDATE baton.queue SET dispatch_mode = 'event' WHERE name = $1`, [queue]);
  await query('UPDATE baton.queue SET paused_at = baton.now() WHERE name = $1', [queue]);
  await query('UPDATE baton.queue SET paused_at = NULL WHERE name = $1', [queue]);
  await new EventsTimer(test.database, producer, topic).look();
  const records = await kafka.follow([topic]);
  const own = () => records.filter((each) => each.key?.toString() === queue);
  await eventually('all are read', () => own().length === 4);
  expect(own().map((each) => fromBinary(QueueEventSchema, each.value!).type)).toEqual([
    'queue.created',
    'queue.mode-changed',
    'queue.paused',
    'queue.resumed',
  ]);
});

it('sends again what a leader sent that died before it kept the place, and never goes back', async () => {
  const { tenantId, queue } = await seedTenant(test.database);
  await query('UPDATE baton.queue SET events = true WHERE name = $1', [queue]);
  const id = await insertJob(tenantId, queue);
  const sent: string[] = [];
  const dying = {
    send: async () => {
      sent.push('dying');
      throw new Error('it died');
    },
  } as unknown as BrokerProducer;
  await expect(new EventsTimer(test.database, dying, topic).look()).rejects.toThrow('it died');
  const cursor = async () =>
    (await query('SELECT generation, seq FROM baton.event_cursor WHERE job_id = $1', [id]))
      .rows[0] as unknown;
  expect(await cursor()).toEqual({ generation: 0, seq: 0 });
  await new EventsTimer(test.database, producer, topic).look();
  expect(await cursor()).toEqual({ generation: 0, seq: 2 });
});
