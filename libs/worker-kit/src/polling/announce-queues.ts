import { channels } from '@baton/contracts';
import { QueueEntity, type Database, type Notifier } from '@baton/persistence';

/** Makes the queues that are not known yet, with every setting at its default; changes none that is. */
export async function announceQueues(
  database: Database,
  notifier: Notifier,
  queues: readonly string[],
): Promise<void> {
  const values = queues.map((name) => ({ name }));
  const insert = database.orm.createQueryBuilder().insert().into(QueueEntity).values(values).orIgnore();
  const { raw } = (await insert.returning('name').execute()) as { raw: { name: string }[] };
  for (const { name } of raw) notifier.wake(channels.queues, name);
}
