import {
  dayTables,
  dropDayPartition,
  isOrphaned,
  listDayPartitions,
  makeDayPartition,
  oldestJobAt,
  partitionedDays,
  sweepHistory,
  sweepPublishLogDefault,
  sweepStrayHistory,
  today,
  type Database,
  type DayPartition,
  type DayTable,
} from '@baton/persistence';
import type { Timer } from './timer.js';

const lookEveryMs = 3_600_000;
/** Partitions are there for so many days to come; of history, whose days are those on which it goes, for all of them. */
const daysAhead = 3;
/** The publish log tells of so many whole days. */
const publishLogDays = 2;
/** Rows of one statement. */
const slice = 5_000;

/**
 * Makes the partitions of the days to come, and drops those that have had their time: of history when its day is over, of
 * the publish log after two days, of attempts and events when no job is kept that could own them.
 */
export class PartitionsTimer implements Timer {
  readonly name = 'partitions';
  private looks = 0;

  constructor(private readonly database: Database) {}

  async look() {
    const { pool } = this.database;
    const day = await today(pool);
    const there = await listDayPartitions(pool);
    const names = new Set(there.map(({ name }) => name));
    const missing = dayTables.flatMap(({ table }) =>
      daysOf(table, day).flatMap((each) => (names.has(nameOf(table, each)) ? [] : [{ table, day: each }])),
    );
    for (const each of missing) await makeDayPartition(pool, each);
    const old = [...there.filter((each) => isOver(each, day)), ...(await this.unowned(there, day))];
    for (const each of old) await dropDayPartition(pool, { table: each.table as DayTable, day: each.day });
    await sweepPublishLogDefault(pool, publishLogDays + 1);
    const swept = [await sweepHistory(pool, slice), await sweepStrayHistory(pool, slice)];
    return { found: missing.length + old.length > 0, nextMs: swept.includes(slice) ? 0 : lookEveryMs };
  }

  /**
   * Attempts and events of days before the oldest job was accepted. Where one job is very old, the days after it that
   * are out of every usual retention are looked through, one a look.
   */
  private async unowned(there: readonly DayPartition[], day: string): Promise<DayPartition[]> {
    const { pool } = this.database;
    const ours = there.filter(({ table }) => table === 'job_attempt' || table === 'job_event');
    const oldest = dayOf(await oldestJobAt(pool));
    const before = ours.filter((each) => each.day < oldest);
    const doubtful = ours
      .filter((each) => each.day >= oldest && each.day < addDays(day, -partitionedDays - 1))
      .sort((a, b) => (a.day < b.day ? -1 : 1));
    const looked = doubtful[this.looks++ % Math.max(1, doubtful.length)];
    if (!looked) return before;
    const table = looked.table as 'job_attempt' | 'job_event';
    return (await isOrphaned(pool, { table, day: looked.day })) ? [...before, looked] : before;
  }
}

function isOver({ table, day }: DayPartition, today: string): boolean {
  if (table === 'job_history') return day < today;
  return table === 'publish_log' && day < addDays(today, -publishLogDays);
}

/** Today's is made for history alone: rows of today may lie in the others' default partitions, and stay there. */
function daysOf(table: DayTable, day: string): string[] {
  if (table !== 'job_history') return Array.from({ length: daysAhead }, (_, i) => addDays(day, i + 1));
  return Array.from({ length: partitionedDays + 1 }, (_, i) => addDays(day, i));
}

function addDays(day: string, days: number): string {
  return dayOf(new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000));
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

function nameOf(table: DayTable, day: string): string {
  return `${table}_${day.replaceAll('-', '')}`;
}
