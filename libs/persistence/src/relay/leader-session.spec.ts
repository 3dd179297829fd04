import { randomUUID } from 'node:crypto';
import { useTestDatabase } from '../testing.js';
import { startTransactionPooler } from '../testing/transaction-pooler.js';
import { LeaderSession } from './leader-session.js';
import { PooledSessionError } from './pooled-session.error.js';

const test = useTestDatabase();

const open = (url: string) =>
  LeaderSession.open(url, {
    applicationName: 'test-leader',
    replicaId: randomUUID(),
    host: 'test',
    pid: process.pid,
  });

it.each([1, 2])('refuses a transaction pooler with %i server connections', async (servers) => {
  const pooler = await startTransactionPooler(test.url, servers);
  try {
    await expect(open(pooler.url)).rejects.toThrow(PooledSessionError);
  } finally {
    await pooler.close();
  }
});

it('says what is wrong and what is allowed', () => {
  expect(new PooledSessionError('backend 7 serves two connections').message).toMatch(
    /DATABASE_URL.*backend 7.*direct connection/,
  );
});

it('takes a direct connection, and leaves no probe lock and no transaction behind', async () => {
  const session = await open(test.url);
  const { pool } = test.database;
  const locks = await pool.query(`SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = $1`, [
    session.backendPid,
  ]);
  expect(locks.rowCount).toBe(0);
  const state = await pool.query(`SELECT state, backend_xmin FROM pg_stat_activity WHERE pid = $1`, [
    session.backendPid,
  ]);
  expect(state.rows).toEqual([{ state: 'idle', backend_xmin: null }]);
  await session.close();
  expect((await session.ended).message).toMatch(/closed/);
});
