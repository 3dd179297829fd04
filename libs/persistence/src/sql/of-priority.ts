/**
 * SQL: jobs of one priority, to be read in the order of (priority, id). Written as a range: of an equality PostgreSQL knows
 * that the order is that of the ids alone, and hoping for an early end it reads the primary key, past all older jobs of all
 * queues.
 */
export const ofPriority = (table: string, priority: number): string =>
  `${table}.priority BETWEEN ${priority} AND ${priority}`;
