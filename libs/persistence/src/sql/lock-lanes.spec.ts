import type { Transaction } from '../transaction/transaction.js';
import { inTransaction } from '../transaction/transaction.js';
import { useTestDatabase } from '../testing.js';
import { type LaneKey } from './lane-key.js';
import { lockJobs } from './lock-jobs.sql.js';
import { lockLanes } from './lock-lanes.sql.js';

const test = useTestDatabase();

const lane = (orderingKey: string): LaneKey => ({ ...test.tenant, orderingKey });

it('makes what is missing, and locks it', async () => {
  const { locked, busy } = await inTransaction(test.database.pool, (tx) =>
    lockLanes(tx, [lane('b'), lane('a'), lane('b')], { create: true }),
  );
  expect(locked).toEqual([lane('a'), lane('b')]);
  expect(busy).toEqual([]);
});

it('skips a lane that another holds instead of waiting for it', async () => {
  await inTransaction(test.database.pool, (tx) => lockLanes(tx, [lane('a'), lane('b')], { create: true }));
  await inTransaction(test.database.pool, async (first) => {
    await lockLanes(first, [lane('a')], { create: false });
    const second = await inTransaction(test.database.pool, (tx) =>
      lockLanes(tx, [lane('a'), lane('b')], { create: false }),
    );
    expect(second).toEqual({ locked: [lane('b')], busy: [lane('a')] });
  });
});

it('counts a lane that is not there as locked where none is to be made', async () => {
  const { locked, busy } = await inTransaction(test.database.pool, (tx) =>
    lockLanes(tx, [lane('gone')], { create: false }),
  );
  expect([locked, busy]).toEqual([[lane('gone')], []]);
});

it('lets two groups with crossed new lanes pass without a deadlock', async () => {
  const keys = Array.from({ length: 3_000 }, (_, i) => lane(`k${i}`)); // many, so that the groups overlap in time
  let deadlocks = 0;
  const group = (wanted: LaneKey[]) =>
    inTransaction(
      test.database.pool,
      async (tx) => {
        const { locked } = await lockLanes(tx, wanted, { create: true });
        return locked.length;
      },
      { retries: 0 },
    ).catch(() => deadlocks++);
  for (let round = 0; round < 4; round++) {
    await Promise.all([group(keys), group([...keys].reverse())]);
    await test.database.pool.query('DELETE FROM baton.lane WHERE tenant_id = $1', [test.tenant.tenantId]);
  }
  expect(deadlocks).toBe(0);
});

it('refuses to lock lanes after jobs', async () => {
  const wrong = inTransaction(test.database.pool, async (tx: Transaction) => {
    await lockJobs(tx, ['00000000-0000-7000-8000-000000000001']);
    await lockLanes(tx, [lane('a')], { create: false });
  });
  await expect(wrong).rejects.toThrow('lock order: lanes must be locked before jobs');
});
