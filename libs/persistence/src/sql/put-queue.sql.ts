import { queueColumns, type QueueRow, type QueueSettings } from './queue-settings.js';
import { run, type Queryable } from './statement.js';

// xmax is 0 in a row that was inserted, and the updating transaction's id in one that was there.
const text = `
INSERT INTO baton.queue (name, dispatch_mode, max_attempts, backoff, timeout_ms, publish_window)
VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (name) DO UPDATE SET dispatch_mode = excluded.dispatch_mode, max_attempts = excluded.max_attempts,
  backoff = excluded.backoff, timeout_ms = excluded.timeout_ms, publish_window = excluded.publish_window,
  updated_at = (SELECT baton.now())
RETURNING ${queueColumns}, xmax = 0 AS created`;

/** Makes a queue, or sets it whole. */
export async function putQueue(
  db: Queryable,
  name: string,
  { dispatchMode, maxAttempts, backoff, timeoutMs, window }: QueueSettings,
): Promise<QueueRow & { created: boolean }> {
  const values = [name, dispatchMode, maxAttempts, JSON.stringify(backoff), timeoutMs, window];
  const [row] = await run<QueueRow & { created: boolean }>(db, 'put-queue', text, values);
  if (!row) throw new TypeError('put-queue returned no row');
  return row;
}
