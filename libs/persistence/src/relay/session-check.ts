import { randomInt } from 'node:crypto';
import pg from 'pg';
import { describeSession, probeSessionLock, type SessionDescription } from '../sql/describe-session.sql.js';
import { PooledSessionError } from './pooled-session.error.js';
import { probeLockObjects } from './relay-locks.js';

/**
 * Makes sure that `client` is one session of PostgreSQL for as long as it lives.
 *
 * A second connection opens a transaction between two looks of the first: a transaction pooler gives it the
 * server that the first one has just used, or then must give the first one another. A session lock must be seen
 * under our own backend. An idle pooler with one client would pass a plain comparison of two looks.
 * @throws PooledSessionError
 */
export async function checkSession(client: pg.Client, config: pg.ClientConfig): Promise<SessionDescription> {
  const session = await describeSession(client);
  const other = new pg.Client(config);
  other.on('error', () => undefined); // its queries reject, which is enough
  await other.connect();
  try {
    await other.query('BEGIN');
    const { pid } = await describeSession(other);
    if (pid === session.pid) throw new PooledSessionError(`backend ${pid} serves two connections`);
    const again = await describeSession(client);
    if (again.pid !== session.pid)
      throw new PooledSessionError(`backend ${session.pid} became ${again.pid} between two transactions`);
    await other.query('ROLLBACK');
  } finally {
    await other.end();
  }
  const holder = await probeSessionLock(client, probeLockObjects.from + randomInt(probeLockObjects.count));
  if (holder !== session.pid)
    throw new PooledSessionError(`a session lock of backend ${session.pid} is held by ${holder ?? 'none'}`);
  return session;
}
