import { claimDeliveries, claimLatestDeliveries } from '../sql/claim-deliveries.sql.js';
import { useTestDatabase } from '../testing/use-test-database.js';

const test = useTestDatabase();

/** Deliveries that have been due for some seconds; negative: they will be. */
async function due(receiver: string, count: number, seconds: number): Promise<void> {
  await test.database.pool.query(
    `INSERT INTO baton.webhook_delivery (tenant_id, webhook_id, receiver, url, type, at, data, state, due_at)
     SELECT $1, gen_random_uuid(), $2, 'https://example.com/', 'webhook.test', baton.now(), '{}', 'pending', baton.now() - $4 * interval '1 s'
     FROM generate_series(1, $3::int)`,
    [test.tenant.tenantId, `origin:${test.tenant.queue}:${receiver}`, count, seconds],
  );
}

const wanted = { limit: 100, perReceiver: 8, inFlight: {} };
const latest = async (): Promise<string[]> =>
  (await claimLatestDeliveries(test.database.pool, wanted)).map(({ receiver }) => receiver.split(':')[2]!);
const round = async (): Promise<string[]> =>
  (await claimDeliveries(test.database.pool, { ...wanted, after: '' })).map(
    ({ receiver }) => receiver.split(':')[2]!,
  );

afterEach(() => test.database.pool.query('DELETE FROM baton.webhook_delivery'));

it('takes what became due last, of each receiver no more than may be; a round takes what has waited', async () => {
  await due('fresh', 1, 1);
  await due('flood', 12, 2);
  await due('waiting', 1, 60);
  await due('later', 1, -60);
  expect(await latest()).toEqual([...new Array<string>(8).fill('flood'), 'fresh']);
  expect(await round()).toEqual([...new Array<string>(4).fill('flood'), 'waiting']);
});

it('takes nothing twice, and nothing of a receiver that is paused', async () => {
  await due('fresh', 2, 1);
  await due('paused', 2, 1);
  await test.database.pool.query(
    `INSERT INTO baton.webhook_receiver (key, tenant_id, open_until) VALUES ($1, $2, baton.now() + interval '1 min')`,
    [`origin:${test.tenant.queue}:paused`, test.tenant.tenantId],
  );
  expect([await latest(), await latest(), await round()]).toEqual([['fresh', 'fresh'], [], []]);
});

it('gives no place to a receiver that is paused, however few there are', async () => {
  await due('a', 1, 2);
  await due('b', 1, 1);
  await test.database.pool.query(
    `INSERT INTO baton.webhook_receiver (key, tenant_id, open_until) VALUES ($1, $2, baton.now() + interval '1 min')`,
    [`origin:${test.tenant.queue}:a`, test.tenant.tenantId],
  );
  const claimed = await claimDeliveries(test.database.pool, { ...wanted, limit: 1, after: '' });
  expect(claimed.map(({ receiver }) => receiver.split(':')[2])).toEqual(['b']);
});

it('lets one of many go as the probe of a receiver whose pause is over', async () => {
  const { pool } = test.database;
  await due('half-open', 20, 1);
  await pool.query(
    `INSERT INTO baton.webhook_receiver (key, tenant_id, open_until) VALUES ($1, $2, baton.now())`,
    [`origin:${test.tenant.queue}:half-open`, test.tenant.tenantId],
  );
  for (let times = 0; times < 10; times++) {
    const claims = await Promise.all(
      Array.from({ length: 4 }, () => claimDeliveries(pool, { ...wanted, after: '' })),
    );
    expect(claims.flat().map(({ probe }) => probe)).toEqual([true]);
    await test.shiftClock(31_000); // it has said nothing: the next may go
  }
});
