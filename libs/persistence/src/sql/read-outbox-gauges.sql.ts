import { run, type Queryable } from './statement.js';

export interface OutboxGauge {
  queue: string;
  rows: number;
  oldestSeconds: number;
}

const text = `
SELECT queue, count(*)::integer AS rows, extract(epoch FROM (SELECT baton.now()) - min(created_at))::float8 AS "oldestSeconds"
FROM baton.outbox GROUP BY queue`;

/** The backlog of each queue, by a scan of the outbox: for metrics when they are asked for. */
export function readOutboxGauges(db: Queryable): Promise<OutboxGauge[]> {
  return run<OutboxGauge & { [column: string]: unknown }>(db, 'read-outbox-gauges', text, []);
}
