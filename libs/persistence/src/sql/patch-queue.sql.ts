import {
  givenValue,
  queueColumns,
  type QueueRow,
  type QueueSettings,
  settingColumns,
} from './queue-settings.js';
import { run, type Queryable } from './statement.js';

const changes = Object.entries(settingColumns).map(
  ([name, [column, type]]) =>
    `${column} = CASE WHEN $2::jsonb ? '${name}' THEN ${givenValue('$2::jsonb', name, type)} ELSE ${column} END`,
);

const text = `
UPDATE baton.queue SET ${changes.join(', ')}, regate = true, updated_at = (SELECT baton.now())
WHERE name = $1
RETURNING ${queueColumns}`;

/** Changes what is named; null takes a limit away. @returns undefined when there is no such queue */
export async function patchQueue(
  db: Queryable,
  name: string,
  changes: { [K in keyof QueueSettings]?: QueueSettings[K] | undefined },
): Promise<QueueRow | undefined> {
  const [row] = await run<QueueRow>(db, 'patch-queue', text, [name, JSON.stringify(changes)]);
  return row;
}

// The timers look at its gates: who came to stand there while it was paused goes when it is resumed.
const set = (what: string): string => `
UPDATE baton.queue SET ${what}, regate = true, updated_at = (SELECT baton.now()) WHERE name = $1 RETURNING ${queueColumns}`;

const moves = {
  pause: set('paused_at = coalesce(paused_at, (SELECT baton.now()))'),
  unpause: set('paused_at = NULL'),
  resume: set('paused_at = NULL, draining_at = NULL, drained_at = NULL'),
  drain: set('draining_at = coalesce(draining_at, (SELECT baton.now()))'),
} as const;

/**
 * Pauses a queue (nothing of it is released, claimed or fetched), drains it (it takes no new jobs and runs what is
 * there), or resumes it from both.
 * @returns undefined when there is no such queue
 */
export async function moveQueue(
  db: Queryable,
  name: string,
  move: keyof typeof moves,
): Promise<QueueRow | undefined> {
  const [row] = await run<QueueRow>(db, `${move}-queue`, moves[move], [name]);
  return row;
}
