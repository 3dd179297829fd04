import { enqueueIn, type PrismaTransaction } from '@baton/client/transaction';
import { createTestDatabase, type TestDatabase } from '@baton/persistence/testing';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { Order, placeOrder } from './order-and-job.js';

const tenant = 'acme';
let db: TestDatabase;
let database: DataSource;
let client: pg.Client;

beforeAll(async () => {
  db = await createTestDatabase();
  const { pool } = db.database;
  await pool.query('CREATE TABLE orders (id integer PRIMARY KEY, total integer NOT NULL)');
  await pool.query('INSERT INTO baton.tenant (id, name) VALUES (gen_random_uuid(), $1)', [tenant]);
  await pool.query(`INSERT INTO baton.queue (name) VALUES ('send-invoice')`);
  database = await new DataSource({ type: 'postgres', url: db.url, entities: [Order] }).initialize();
  client = new pg.Client({ connectionString: db.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.destroy();
  await db.close();
});

async function jobs(): Promise<{ id: string; payload: string; ordering_key: string | null }[]> {
  const { rows } = await db.database.pool.query<{ id: string; payload: string; ordering_key: string | null }>(
    'SELECT id, payload, ordering_key FROM baton.job ORDER BY id',
  );
  return rows;
}
afterEach(() => db.database.pool.query('DELETE FROM baton.job'));

test('TypeORM: the order and its job are kept together', async () => {
  const id = await placeOrder(database, { id: 1, total: 12 }, tenant);
  expect(await jobs()).toEqual([{ id, payload: '{"order":1}', ordering_key: 'order-1' }]);
  expect(await database.manager.count(Order)).toBe(1);
});

test('TypeORM: neither is, when the transaction fails', async () => {
  await expect(placeOrder(database, { id: 2, total: -1 }, tenant)).rejects.toThrow(RangeError);
  expect(await jobs()).toEqual([]);
});

test("pg: a client's transaction, with the options of a job", async () => {
  await client.query('BEGIN');
  const id = await enqueueIn(
    client,
    'send-invoice',
    { order: 3 },
    { tenant, runAt: new Date('2026-01-01T00:00:00Z'), priority: 'high' },
  );
  expect(await jobs()).toEqual([]);
  await client.query('COMMIT');
  expect((await jobs()).map((job) => job.id)).toEqual([id]);
});

test("TypeORM: a query runner's transaction", async () => {
  const runner = database.createQueryRunner();
  await runner.startTransaction();
  await enqueueIn(runner, 'send-invoice', null, { tenant });
  await runner.rollbackTransaction();
  await runner.release();
  expect(await jobs()).toEqual([]);
});

test('Prisma: by the signature of its raw queries', async () => {
  const prisma: PrismaTransaction = {
    $queryRawUnsafe: async (text, ...values) => (await client.query<object>(text, values)).rows,
  };
  const id = await enqueueIn(prisma, 'send-invoice', { order: 4 }, { tenant });
  expect((await jobs()).map((job) => job.id)).toEqual([id]);
});

test.each([
  ['a queue that is not there', 'nowhere', {}, 'unknown_queue', /no queue "nowhere"/],
  ['an option that is none', 'send-invoice', { colour: 'red' }, 'invalid_request', /"colour"/],
])('says what is wrong: %s', async (_what, queue, options, code, message) => {
  for (const tx of [client, database.manager])
    await expect(enqueueIn(tx, queue, null, { tenant, ...options })).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
});
