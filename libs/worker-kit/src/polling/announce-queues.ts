import { channels } from '@baton/contracts';
import { announceQueues as makeQueues, type Database, type Notifier } from '@baton/persistence';

/** Makes the queues that are not known yet, with every setting at its default; changes none that is. */
export async function announceQueues(
  database: Database,
  notifier: Notifier,
  queues: readonly string[],
): Promise<void> {
  const made = await makeQueues(database.pool, [...queues], 'polling');
  for (const name of made) notifier.wake(channels.queues, name);
}
