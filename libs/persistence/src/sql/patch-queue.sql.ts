import { queueColumns, type QueueRow, type QueueSettings } from './queue-settings.js';
import { run, type Queryable } from './statement.js';

const text = `
UPDATE baton.queue SET dispatch_mode = coalesce($2, dispatch_mode), max_attempts = coalesce($3, max_attempts),
  backoff = coalesce($4, backoff), timeout_ms = coalesce($5, timeout_ms), publish_window = coalesce($6, publish_window),
  updated_at = (SELECT baton.now())
WHERE name = $1
RETURNING ${queueColumns}`;

/** Changes what is named. @returns undefined when there is no such queue */
export async function patchQueue(
  db: Queryable,
  name: string,
  {
    dispatchMode,
    maxAttempts,
    backoff,
    timeoutMs,
    window,
  }: { [K in keyof QueueSettings]?: QueueSettings[K] | undefined },
): Promise<QueueRow | undefined> {
  const values = [dispatchMode, maxAttempts, backoff && JSON.stringify(backoff), timeoutMs, window];
  const [row] = await run<QueueRow>(db, 'patch-queue', text, [name, ...values.map((value) => value ?? null)]);
  return row;
}
