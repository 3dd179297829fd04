import { run, type Queryable } from './statement.js';

/** Milliseconds until the next of each kind is due, negative where it is over; null: there is none. */
export interface NextTimes {
  jobMs: number | null;
  deadlineMs: number | null;
  gateMs: number | null;
  scheduleMs: number | null;
  /** Some queue's settings have changed, and nobody has looked at its gates since. */
  settingsChanged: boolean;
}

const until = (time: string, name: string): string =>
  `ceil(extract(epoch FROM (${time}) - (SELECT baton.now())) * 1000)::bigint AS "${name}"`;

// Each is the first entry of an index, but for schedules and queues, which are few.
const text = `
SELECT ${until(`SELECT min(run_at) FROM baton.job WHERE state = 'scheduled'`, 'jobMs')},
  ${until('SELECT min(deadline_at) FROM baton.job WHERE deadline_at IS NOT NULL AND overdue_at IS NULL', 'deadlineMs')},
  ${until('SELECT min(due_at) FROM baton.gate WHERE due_at IS NOT NULL', 'gateMs')},
  ${until('SELECT min(greatest(next_at, retry_at)) FROM baton.schedule WHERE next_at IS NOT NULL', 'scheduleMs')},
  EXISTS (SELECT FROM baton.queue WHERE regate) AS "settingsChanged"`;

/** What the timers wait for, in one look. */
export async function findNextTimes(db: Queryable): Promise<NextTimes> {
  const [row] = await run<NextTimes & { [column: string]: unknown }>(db, 'find-next-times', text, []);
  if (!row) throw new TypeError('find-next-times returned no row');
  return row;
}
