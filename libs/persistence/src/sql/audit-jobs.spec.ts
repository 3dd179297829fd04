import { randomUUID } from 'node:crypto';
import {
  createTestDatabase,
  seedJobs,
  type SeededTenant,
  seedTenant,
  type TestDatabase,
} from '../testing.js';
import { auditJobs } from './audit-jobs.sql.js';
import { claimJobs } from './claim-jobs.sql.js';
import { deletePublished } from './delete-published.sql.js';
import { registerWorker } from './register-worker.sql.js';

let test: TestDatabase;
let tenant: SeededTenant;

beforeEach(async () => {
  test = await createTestDatabase();
  tenant = await seedTenant(test.database);
});
afterEach(() => test.close());

const query = async (text: string, values: unknown[] = []): Promise<unknown[]> =>
  (await test.database.pool.query(text, values)).rows as unknown[];
const whys = async () => (await auditJobs(test.database.pool)).examples.map(({ jobId, why }) => [jobId, why]);

it('tells where each live job is, and accounts for all', async () => {
  await seedJobs(test.database, tenant, [
    { delayMs: 60_000 },
    { orderingKey: 'k' },
    { orderingKey: 'k' },
    {},
  ]);
  const event = await seedTenant(test.database, 'event');
  await seedJobs(test.database, event, [{}, {}]);
  const workerId = randomUUID();
  const { pool } = test.database;
  await registerWorker(pool, { id: workerId, source: 'polling', host: 'h', pid: 1, queues: [tenant.queue] });
  const executionIds = [randomUUID()];
  await claimJobs(pool, { workerId, queues: [tenant.queue], executionIds, extendLease: true });
  await query('UPDATE baton.relay_shard SET epoch = 1');
  const [row] = (await query('SELECT shard, id FROM baton.outbox ORDER BY id LIMIT 1')) as {
    shard: number;
    id: number;
  }[];
  await deletePublished(pool, {
    replicaId: randomUUID(),
    terms: [{ shard: row!.shard, epoch: 1 }],
    batches: [
      {
        topic: `baton.jobs.${event.queue}`,
        queue: event.queue,
        priority: 1,
        rows: [{ ...row!, partition: 0, offset: 0 }],
      },
    ],
  });
  expect(await auditJobs(pool)).toEqual({
    places: { scheduled: 1, held: 1, queued: 1, running: 1, outbox: 1, topic: 1 },
    unaccounted: 0,
    examples: [],
  });
});

it('names what is nowhere, and why', async () => {
  const event = await seedTenant(test.database, 'event');
  const [nowhere] = await seedJobs(test.database, event, [{}]);
  await query('DELETE FROM baton.outbox');
  const [first, next] = await seedJobs(test.database, tenant, [{ orderingKey: 'k' }, { orderingKey: 'k' }]);
  await query('DELETE FROM baton.lane');
  const workerId = randomUUID();
  const { pool } = test.database;
  await registerWorker(pool, { id: workerId, source: 'polling', host: 'h', pid: 1, queues: [tenant.queue] });
  const executionIds = [randomUUID()];
  await claimJobs(pool, { workerId, queues: [tenant.queue], executionIds, extendLease: true });
  await query(`UPDATE baton.worker SET state = 'left'`);
  expect(await whys()).toEqual([
    [nowhere, 'it is neither in the outbox nor on a topic'],
    [first, 'its worker is not alive'],
    [next, 'no live job holds its lane'],
  ]);
  expect((await auditJobs(pool, { examples: 1 })).unaccounted).toBe(3);
});
