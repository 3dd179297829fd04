import type { DueSchedule } from '../sql/fire-schedules.sql.js';
import { CronRuns } from './cron.js';

/** With `catchUp: "all"` at most so many missed runs are made up for, the last ones. */
export const mostCaughtUp = 100;
/** A run this late was not missed: whoever fires them was busy, or another took over. Milliseconds. */
export const latenessMs = 60_000;

/** What of a schedule is to be fired now, and when it is due again. Milliseconds since the epoch. */
export interface DueRuns {
  runs: number[];
  thenAtMs: number | null;
}

/** Of the runs due by now, `skip` fires the last one if it is not late, `one` the last one, `all` each. */
export function dueRuns(schedule: DueSchedule): DueRuns {
  const { nowMs, nextAtMs, catchUp } = schedule;
  const cron = new CronRuns(schedule);
  const most = catchUp === 'all' ? mostCaughtUp : 1;
  const runs = cron.latest(nextAtMs, nowMs, most);
  const missed = catchUp === 'skip' && runs.every((at) => at < nowMs - latenessMs);
  return { runs: missed ? [] : runs, thenAtMs: cron.after(nowMs) ?? null };
}
