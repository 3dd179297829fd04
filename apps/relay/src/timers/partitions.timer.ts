import {
  dayTables,
  dropDayPartition,
  listDayPartitions,
  makeDayPartition,
  sweepPublishLogDefault,
  today,
  type Database,
  type DayTable,
} from '@baton/persistence';
import type { Timer } from './timer.js';

const lookEveryMs = 3_600_000;
/** Partitions are there for so many days to come. Today's is not made: rows of today may lie in the default one. */
const daysAhead = 3;
/** The publish log tells of so many whole days. */
const publishLogDays = 2;

/** Makes the partitions of the days to come, and drops those of the publish log that have had their time. */
export class PartitionsTimer implements Timer {
  readonly name = 'partitions';

  constructor(private readonly database: Database) {}

  async look() {
    const { pool } = this.database;
    const day = await today(pool);
    const there = await listDayPartitions(pool);
    const names = new Set(there.map(({ name }) => name));
    const missing = dayTables.flatMap(({ table }) =>
      daysAfter(day).flatMap((each) => (names.has(nameOf(table, each)) ? [] : [{ table, day: each }])),
    );
    for (const each of missing) await makeDayPartition(pool, each);
    const old = there.filter(
      (each) => each.table === 'publish_log' && each.day < addDays(day, -publishLogDays),
    );
    for (const each of old) await dropDayPartition(pool, { table: 'publish_log', day: each.day });
    await sweepPublishLogDefault(pool, publishLogDays + 1);
    return { found: missing.length + old.length > 0, nextMs: lookEveryMs };
  }
}

function daysAfter(day: string): string[] {
  return Array.from({ length: daysAhead }, (_, i) => addDays(day, i + 1));
}

function addDays(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

function nameOf(table: DayTable, day: string): string {
  return `${table}_${day.replaceAll('-', '')}`;
}
