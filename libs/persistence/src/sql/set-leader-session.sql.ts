import type { Queryable } from './statement.js';

// A dead network is noticed by PostgreSQL within 5 s + 3 × 2 s; what was sent and never acknowledged, within 10 s.
const text = `
SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
  set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '10000', false),
  set_config('idle_session_timeout', '0', false), set_config('statement_timeout', $1, false),
  set_config('lock_timeout', $1, false)`;

/** Settings of the session that holds the shards' locks. */
export async function setLeaderSession(db: Queryable, { timeoutMs }: { timeoutMs: number }): Promise<void> {
  await db.query({ text, values: [`${timeoutMs}ms`] });
}
