import {
  givenValue,
  queueColumns,
  type QueueRow,
  type QueueSettings,
  settingColumns,
} from './queue-settings.js';
import { run, type Queryable } from './statement.js';

const columns = Object.values(settingColumns).map(([column]) => column);
const values = Object.entries(settingColumns).map(([name, [, type]]) => givenValue('$2::jsonb', name, type));

// xmax is 0 in a row that was inserted, and the updating transaction's id in one that was there.
const text = `
INSERT INTO baton.queue (name, ${columns.join(', ')}) VALUES ($1, ${values.join(', ')})
ON CONFLICT (name) DO UPDATE SET ${columns.map((column) => `${column} = excluded.${column}`).join(', ')},
  regate = true, updated_at = (SELECT baton.now())
RETURNING ${queueColumns}, xmax = 0 AS created`;

/** Makes a queue, or sets it whole. Whether it is paused or drains stays as it is. */
export async function putQueue(
  db: Queryable,
  name: string,
  settings: QueueSettings,
): Promise<QueueRow & { created: boolean }> {
  const [row] = await run<QueueRow & { created: boolean }>(db, 'put-queue', text, [
    name,
    JSON.stringify(settings),
  ]);
  if (!row) throw new TypeError('put-queue returned no row');
  return row;
}
