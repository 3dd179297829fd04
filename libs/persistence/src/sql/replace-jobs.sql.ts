import type { NewJob } from '../accept/new-job.js';
import type { Transaction } from '../transaction/transaction.js';
import { noteEvents } from './note-events.sql.js';
import { run } from './statement.js';

// Its id, its place in its lane or before its gate, its parents and its trace stay.
const text = `
UPDATE baton.job j SET payload = r.payload, metadata = r.metadata::jsonb, priority = r.priority,
  max_attempts = coalesce(r.max_attempts, q.max_attempts), backoff = r.backoff::jsonb,
  timeout_ms = coalesce(r.timeout_ms, q.timeout_ms), expect_ms = coalesce(r.expect_ms, q.expect_ms),
  webhook = r.webhook, delivery = r.delivery, seq = j.seq + (j.state = 'held')::int,
  run_at = CASE WHEN j.state = 'scheduled'
    THEN coalesce(to_timestamp(r.run_at_ms / 1000), baton.now() + coalesce(r.delay_ms, 0) * interval '1 ms') ELSE j.run_at END
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::int2[], $5::int4[], $6::text[], $7::int8[], $8::int8[],
    $9::text[], $10::text[], $11::float8[], $12::float8[])
  AS r(id, payload, metadata, priority, max_attempts, backoff, timeout_ms, expect_ms, webhook, delivery, run_at_ms, delay_ms)
CROSS JOIN baton.queue q
WHERE j.id = r.id AND q.name = j.queue AND j.state IN ('scheduled', 'held')
RETURNING j.id, j.state, floor(extract(epoch FROM j.run_at) * 1000)::bigint AS "runAtMs"`;

/**
 * Gives waiting jobs, which the transaction has locked, the payload and the settings of others. One that is scheduled
 * gets their time too; one that is held is due, and stays so.
 * @returns the earliest new time, milliseconds since the epoch
 */
export async function replaceJobs(
  tx: Transaction,
  replacements: ReadonlyMap<string, NewJob>,
): Promise<number | undefined> {
  if (replacements.size === 0) return undefined;
  tx.locking('jobs');
  const entries = [...replacements];
  const column = <T>(value: (job: NewJob) => T | undefined): (T | null)[] =>
    entries.map(([, job]) => value(job) ?? null);
  const rows = await run<{ id: string; state: string; runAtMs: number | null }>(tx, 'replace-jobs', text, [
    entries.map(([id]) => id),
    column((job) => job.payload),
    column((job) => job.metadata && JSON.stringify(job.metadata)),
    column((job) => job.priority),
    column((job) => job.maxAttempts),
    column((job) => job.backoff && JSON.stringify(job.backoff)),
    column((job) => job.timeoutMs),
    column((job) => job.expectMs),
    column((job) => job.webhook),
    column((job) => job.delivery),
    column((job) => job.runAtMs),
    column((job) => job.delayMs),
  ]);
  const scheduled = rows.flatMap(({ id, state, runAtMs }) =>
    state === 'scheduled' && runAtMs !== null ? [{ jobId: id, runAtMs }] : [],
  );
  await noteEvents(
    tx,
    scheduled.map(({ jobId, runAtMs }) => ({
      jobId,
      type: 'job.scheduled',
      data: { runAt: new Date(runAtMs).toISOString() },
    })),
  );
  return scheduled.length > 0 ? Math.min(...scheduled.map(({ runAtMs }) => runAtMs)) : undefined;
}
