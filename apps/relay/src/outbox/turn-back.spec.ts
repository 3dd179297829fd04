import { createServer, type AddressInfo } from 'node:net';
import { shardCount } from '@baton/contracts';
import { connectKafka } from '@baton/messaging';
import { patchQueue, takeRowsBack } from '@baton/persistence';
import {
  createTestDatabase,
  seedJobs,
  seedTenant,
  type SeededTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { eventually } from '../testing/eventually.js';
import type { TestBroker } from '../testing/test-broker.js';
import { startOutbox, type TestOutbox } from '../testing/test-outbox.js';

let test: TestDatabase;
let tenant: SeededTenant;
let away: TestBroker;
let outbox: TestOutbox;

/** A broker that is stopped: nobody listens at its address. */
async function stoppedBroker(): Promise<TestBroker> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  const broker = connectKafka({ brokers: [`127.0.0.1:${port}`], clientId: 'turn-back', adminTimeoutMs: 500 });
  return { broker, close: () => broker.close() } as TestBroker;
}

beforeAll(async () => {
  test = await createTestDatabase();
  away = await stoppedBroker();
});
afterAll(async () => {
  await away.close();
  await test.close();
});
beforeEach(async () => {
  tenant = await seedTenant(test.database, 'event');
  outbox = await startOutbox(test, away);
});
afterEach(() => outbox.close());

interface Row {
  id: string;
  state: string;
  mode: string;
  attempt: number;
}
async function jobs(): Promise<Row[]> {
  const { rows } = await test.database.pool.query<Row>(
    'SELECT id, state::text, mode::text, attempt FROM baton.job WHERE queue = $1 ORDER BY id',
    [tenant.queue],
  );
  return rows;
}
async function outboxRows(): Promise<number> {
  const { rows } = await test.database.pool.query('SELECT FROM baton.outbox WHERE queue = $1', [
    tenant.queue,
  ]);
  return rows.length;
}
it('gives rows that could not be sent to polling workers, once the queue says so, each job under its next attempt', async () => {
  const [cancelled, ...others] = await seedJobs(test.database, tenant, [{}, {}, { orderingKey: 'k' }]);
  await test.database.pool.query('UPDATE baton.job SET cancel_requested_at = baton.now() WHERE id = $1', [
    cancelled,
  ]);
  await eventually('it leads', () => outbox.leadership.shards.length > 0);
  outbox.publisher.wake([tenant.queue]);
  const [, ...before] = await jobs();
  expect(before).toMatchObject(others.map((id) => ({ id, mode: 'event', attempt: 1 })));
  await patchQueue(test.database.pool, tenant.queue, { dispatchMode: 'polling' });
  outbox.publisher.settingsChanged([tenant.queue]);
  await eventually('they are turned back', async () => (await outboxRows()) === 1, { withinMs: 20_000 });
  const [left, ...turned] = await jobs();
  expect(left).toMatchObject({ id: cancelled, mode: 'event', attempt: 1 });
  expect(turned).toMatchObject(others.map((id) => ({ id, state: 'queued', mode: 'polling', attempt: 2 })));
  const released = outbox.settled.flatMap((report) => report.released);
  expect(released).toEqual(
    expect.arrayContaining(others.map((jobId) => ({ jobId, queue: tenant.queue, mode: 'polling' }))),
  );
});

it('leaves the rows of a queue that stays in event mode, and a deposed leader turns none back', async () => {
  const rows = await seedJobs(test.database, tenant, [{}, {}]);
  await eventually('it leads', () => outbox.leadership.shards.length > 0);
  const { pool } = test.database;
  const topic = { queue: tenant.queue, priority: 1 };
  const terms = outbox.leadership.shards
    .filter((shard) => shard < shardCount)
    .map((shard) => ({ shard, epoch: outbox.leadership.epochOf(shard)! }));
  expect(await takeRowsBack(pool, topic, { terms, limit: 500 })).toEqual([]);
  await patchQueue(pool, tenant.queue, { dispatchMode: 'polling' });
  const deposed = terms.map(({ shard, epoch }) => ({ shard, epoch: epoch - 1 }));
  expect(await takeRowsBack(pool, topic, { terms: deposed, limit: 500 })).toEqual([]);
  expect(await jobs()).toMatchObject(rows.map((id) => ({ id, mode: 'event', attempt: 1 })));
  expect(await outboxRows()).toBe(2);
  expect(await takeRowsBack(pool, topic, { terms, limit: 500 })).toHaveLength(2);
});
