import { readOutboxGauges, type Queryable } from '@baton/persistence';
import { outboxBacklog, outboxOldestSeconds } from '@baton/tracing';

/** prom-client asks a metric for its values by this method, where it has one. */
interface Collected {
  collect?: () => Promise<void>;
}

/**
 * Has the outbox's gauges read when metrics are asked for, and only by the replica that is the reporter then: the
 * outbox is one, and each replica's share of it would have to be added up.
 * @returns leaves the gauges as they are from then on
 */
export function collectBacklog(db: Queryable, isReporter: () => boolean): () => void {
  let reading: Promise<void> | undefined;
  const collect = (): Promise<void> =>
    (reading ??= read(db, isReporter()).finally(() => (reading = undefined)));
  const gauges: Collected[] = [outboxBacklog as Collected, outboxOldestSeconds as Collected];
  for (const gauge of gauges) gauge.collect = collect;
  return () => {
    for (const gauge of gauges) delete gauge.collect;
  };
}

async function read(db: Queryable, isReporter: boolean): Promise<void> {
  const queues = isReporter ? await readOutboxGauges(db) : [];
  outboxBacklog.reset();
  for (const { queue, rows } of queues) outboxBacklog.set({ queue }, rows);
  outboxOldestSeconds.set(Math.max(0, ...queues.map(({ oldestSeconds }) => oldestSeconds)));
}
