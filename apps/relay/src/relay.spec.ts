import { fromBinary } from '@bufbuild/protobuf';
import { channels, JobRecordSchema, jobTopic, shardCount, topics } from '@baton/contracts';
import { createTestStack } from '@baton/local-stack';
import { connectKafka, type Broker, type IncomingRecord } from '@baton/messaging';
import { Database, migrate, Notifier } from '@baton/persistence';
import { seedJobs, seedTenant } from '@baton/persistence/testing';
import { eventually } from './testing/eventually.js';
import { relayProcess, type RelayProcess } from './testing/relay-process.js';
import { executionOf, TestWorker } from './testing/test-worker.js';

type Stack = Awaited<ReturnType<typeof createTestStack>>;

let stack: Stack;
let database: Database;
let broker: Broker;
let notifier: Notifier;
const running: RelayProcess[] = [];

beforeAll(async () => {
  stack = await createTestStack({ kafka: true });
  await migrate(stack.databaseUrl);
  database = await Database.open(stack.databaseUrl, { applicationName: 'relay-test' });
  broker = connectKafka({ brokers: stack.kafkaBrokers!.split(','), clientId: 'relay-test' });
  notifier = new Notifier(stack.databaseUrl, { applicationName: 'relay-test', log: () => undefined });
}, 300_000);
afterAll(async () => {
  await notifier.close();
  await broker.close();
  await database.close();
  await stack.stop();
}, 60_000);
afterEach(async () => {
  for (const relay of running.splice(0)) {
    relay.kill('SIGKILL');
    await relay.exited;
  }
});

async function start(environment: Record<string, string> = {}): Promise<RelayProcess> {
  const relay = await relayProcess({
    DATABASE_URL: stack.databaseUrl,
    KAFKA_BROKERS: stack.kafkaBrokers!,
    ...environment,
  });
  running.push(relay);
  return relay;
}

async function stateOf(jobId: string | undefined): Promise<string | undefined> {
  const { rows } = await database.pool.query<{ state: string }>(
    'SELECT state::text FROM baton.job WHERE id = $1 UNION ALL SELECT state::text FROM baton.job_history WHERE id = $1',
    [jobId],
  );
  return rows[0]?.state;
}

async function follow(topic: string): Promise<IncomingRecord[]> {
  const records: IncomingRecord[] = [];
  await eventually('the topic', async () => (await broker.admin.describeTopic(topic)) !== undefined, {
    withinMs: 30_000,
  });
  const reader = broker.reader({
    topics: [topic],
    maxWaitMs: 50,
    onRecords: (batch) => void records.push(...batch.records),
  });
  await reader.start();
  return records;
}

it('carries a job to the broker and its outcome back, making the topics', async () => {
  const relay = await start();
  expect(await relay.readiness()).toMatchObject({
    status: 'ready',
    checks: { postgresql: { ok: true }, leadership: { ok: true }, kafka: { ok: true } },
  });
  const tenant = await seedTenant(database, 'event');
  notifier.wake(channels.queues, tenant.queue);
  const records = await follow(jobTopic(tenant.queue, 'normal'));
  const [job] = await seedJobs(database, tenant, [{ payload: { a: 1 } }]);
  notifier.wake(channels.outbox, tenant.queue);
  await eventually('its record', () => records.length === 1);
  expect(fromBinary(JobRecordSchema, records[0]!.value!).jobId).toBe(job);
  const { config } = (await broker.admin.describeTopic(topics.outcomes))!;
  expect(config['message.timestamp.type']).toBe('LogAppendTime');
  const worker = new TestWorker(broker.producer(), topics.outcomes, 0);
  await worker.say(worker.registered(tenant.queue), worker.ended(await executionOf(database, job!)));
  await eventually('its outcome', async () => (await stateOf(job)) === 'succeeded', { withinMs: 20_000 });
}, 60_000);

it('on SIGTERM it gives its shards back, leaves the group and exits 0', async () => {
  const relay = await start();
  const replicas = async () => (await database.pool.query('SELECT FROM baton.relay_replica')).rowCount;
  await eventually('its row', async () => (await replicas()) === 1);
  await eventually(
    'its group',
    async () => (await broker.admin.groupMembers('baton.relay.inbox')).length === 1,
    { withinMs: 20_000 },
  );
  relay.kill('SIGTERM');
  expect(await relay.exited).toBe(0);
  expect(await replicas()).toBe(0);
  const locks = await database.pool.query(`SELECT FROM pg_locks WHERE locktype = 'advisory'`);
  expect(locks.rowCount).toBe(0);
  expect(await broker.admin.groupMembers('baton.relay.inbox')).toEqual([]);
}, 60_000);

it('without a broker configured it runs its timers', async () => {
  const relay = await relayProcess({ DATABASE_URL: stack.databaseUrl });
  running.push(relay);
  const tenant = await seedTenant(database);
  const [job] = await seedJobs(database, tenant, [{ delayMs: 300 }]);
  notifier.wake(channels.timers, String(Date.now() + 300));
  await eventually('it is due', async () => (await stateOf(job)) === 'queued');
  expect(Object.keys((await relay.readiness()).checks)).toEqual(['postgresql', 'leadership']);
}, 60_000);

it('starts while the broker is away, runs its timers, and publishes when it is there', async () => {
  await stack.server('kafka').stop();
  const relay = await start();
  expect((await relay.readiness()).status).toBe('ready');
  const tenant = await seedTenant(database, 'event');
  const [job] = await seedJobs(database, tenant, [{ delayMs: 300 }]);
  notifier.wake(channels.timers, String(Date.now() + 300));
  await eventually('it is due', async () => (await stateOf(job)) === 'queued');
  await stack.server('kafka').start();
  await eventually(
    'its row is gone',
    async () => (await database.pool.query('SELECT FROM baton.outbox')).rowCount === 0,
    { withinMs: 60_000 },
  );
  const records = await follow(jobTopic(tenant.queue, 'normal'));
  await eventually('its record', () =>
    records.some((record) => fromBinary(JobRecordSchema, record.value!).jobId === job),
  );
}, 120_000);

it('a restart of PostgreSQL costs it its shards for a moment, and nothing else', async () => {
  await start();
  const led = async () =>
    (await database.pool.query(`SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid <= ${shardCount}`))
      .rowCount;
  await eventually('it leads', async () => (await led()) === shardCount + 1);
  await stack.server('postgres').restart();
  const safely = async () => (await led().catch(() => 0)) === shardCount + 1; // the pool's connections break too
  await eventually('it leads again', safely, { withinMs: 20_000 });
  const tenant = await seedTenant(database);
  const [job] = await seedJobs(database, tenant, [{ delayMs: 200 }]);
  await eventually('it hears and works again', async () => {
    notifier.wake(channels.timers, String(Date.now() + 200));
    return (await stateOf(job)) === 'queued';
  });
}, 60_000);
