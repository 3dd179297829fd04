import { BatonError } from '@baton/contracts';
import { Cron, CronPattern } from 'croner';

/** When a schedule runs. */
export interface CronTime {
  /** 5 fields, or 6 with seconds first. */
  cron: string;
  /** IANA name, such as `Europe/Berlin`. */
  timezone: string;
}

const mode = '5-or-6-parts';

/** The first window, backwards from now, in which missed runs are looked for: a hundred of one each second. */
const firstWindowMs = 100_000;

/**
 * The runs of a cron expression in its time zone.
 *
 * Where the hour is named, a local time counts: one that does not exist runs at the next that does, one that comes twice
 * runs once, the first time. Where the hour is `*`, time that passes counts: every five minutes is every five minutes
 * on the day when a clock is put back, too.
 * @throws BatonError `invalid_request` for an expression or a time zone that is none, and for one that never comes
 */
export class CronRuns {
  private readonly cron: Cron;

  constructor({ cron, timezone }: CronTime) {
    checkTimezone(timezone);
    const options = { timezone, mode, fixedTimeRule: 'no-wildcard' } as const;
    try {
      this.cron = new Cron(spelledOut(cron, timezone), options);
    } catch (error) {
      throw invalid(
        'cron',
        `must be 5 fields, or 6 with seconds first: ${(error as Error).message}, got "${cron}"`,
      );
    }
  }

  /** The first run after a time; undefined when there is none. Milliseconds since the epoch. */
  after(ms: number): number | undefined {
    return this.cron.nextRun(new Date(ms))?.getTime();
  }

  /** The `count` runs after a time. */
  next(ms: number, count: number): number[] {
    const runs: number[] = [];
    for (let at = this.after(ms); at !== undefined && runs.length < count; at = this.after(at)) runs.push(at);
    return runs;
  }

  /** The last `most` of the runs from `fromMs` to `toMs`, both included. Costs by what it returns, not by how long it was. */
  latest(fromMs: number, toMs: number, most: number): number[] {
    for (let windowMs = firstWindowMs; ; windowMs *= 4) {
      const start = Math.max(fromMs, toMs - windowMs);
      const runs: number[] = [];
      for (let at = this.after(start - 1); at !== undefined && at <= toMs; at = this.after(at)) {
        runs.push(at);
        if (runs.length > 2 * most) runs.splice(0, most);
      }
      if (runs.length >= most || start === fromMs) return runs.slice(-most);
    }
  }
}

/**
 * The expression with its steps and wildcards beneath a named hour written as lists: only such a one counts by local
 * times.
 */
function spelledOut(cron: string, timezone: string): string {
  const fields = cron.trim().split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) throw new Error(`it has ${fields.length} fields`);
  if (fields.some((field) => !/^[\w*,/#-]+$/.test(field)))
    throw new Error('a field has a character that means nothing');
  const pattern = new CronPattern(cron, timezone, { mode });
  const hourAt = fields.length - 4;
  if (fields[hourAt] === '*' || fields[hourAt] === '*/1') return cron;
  const list = (allowed: readonly number[]): string =>
    allowed.flatMap((is, value) => (is ? [value] : [])).join(',');
  const time = [pattern.minute, pattern.hour];
  if (fields.length === 6) time.unshift(pattern.second);
  return [...time.map(list), ...fields.slice(-3)].join(' ');
}

function checkTimezone(timezone: string): void {
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
  } catch {
    throw invalid(
      'timezone',
      `must be an IANA time zone such as "Europe/Berlin" or "UTC", got "${timezone}"`,
    );
  }
}

function invalid(path: string, message: string): BatonError {
  return new BatonError('invalid_request', `${path}: ${message}`, { errors: [{ path, message }] });
}
