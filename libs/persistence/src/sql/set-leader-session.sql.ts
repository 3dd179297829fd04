import type { Queryable } from './statement.js';

// A dead network is noticed by PostgreSQL within 5 s + 3 × 2 s; what was sent and never acknowledged, within 10 s.
// The beat's plan is kept: made while the job table was all but empty, it would scan it when it is full, and the
// beat would take too long. It has an index for every look.
const text = `
SELECT set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '2', false),
  set_config('tcp_keepalives_count', '3', false), set_config('tcp_user_timeout', '10000', false),
  set_config('idle_session_timeout', '0', false), set_config('statement_timeout', $1, false),
  set_config('lock_timeout', $1, false), set_config('enable_seqscan', 'off', false)`;

/** Settings of the session that holds the shards' locks. */
export async function setLeaderSession(db: Queryable, { timeoutMs }: { timeoutMs: number }): Promise<void> {
  await db.query({ text, values: [`${timeoutMs}ms`] });
}
