import { relayLockClass } from '../relay/relay-locks.js';
import { run, type Queryable } from './statement.js';

export interface SessionDescription {
  pid: number;
  /** As PostgreSQL spells it, microseconds included. */
  backendStart: string;
}

const describe = `SELECT pid, backend_start::text AS "backendStart" FROM pg_stat_activity WHERE pid = pg_backend_pid()`;

/** Which backend answers. Not prepared: behind a pooler the next statement may reach another one. */
export async function describeSession(db: Queryable): Promise<SessionDescription> {
  const { rows } = await db.query<SessionDescription & { [column: string]: unknown }>({
    text: describe,
    values: [],
  });
  const [row] = rows;
  if (!row) throw new Error('pg_stat_activity has no row of the session that asked');
  return row;
}

const holders = `
SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = ${relayLockClass} AND objid = $1 AND objsubid = 2 AND granted`;

/** Takes a probe lock, looks whose session holds it, and gives it back. @returns the holder's pid */
export async function probeSessionLock(db: Queryable, object: number): Promise<number | undefined> {
  await run(db, 'probe-session-lock-take', `SELECT pg_try_advisory_lock(${relayLockClass}, $1)`, [object]);
  const rows = await run<{ pid: number }>(db, 'probe-session-lock-look', holders, [object]);
  await run(db, 'probe-session-lock-give', `SELECT pg_advisory_unlock(${relayLockClass}, $1)`, [object]);
  return rows[0]?.pid;
}
