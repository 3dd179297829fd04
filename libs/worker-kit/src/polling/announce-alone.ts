import { enterAlone, type Database } from '@baton/persistence';
import type { Delivery } from '../execution/delivery.js';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';

const retryMs = 250;

/**
 * Notes in PostgreSQL that a job is about to be entered while nothing else runs here; goes on trying while PostgreSQL is
 * away and the job may still be ours.
 * @returns false when it is not ours any more
 */
export async function announceAlone(
  { database, log, stillOurs }: { database: Database; log: Log; stillOurs: () => boolean },
  delivery: Delivery,
): Promise<boolean> {
  const outage = new Outage(log, 'noting that a job runs alone');
  while (stillOurs()) {
    try {
      const owns = await enterAlone(database.pool, delivery);
      outage.worked();
      return owns;
    } catch (error) {
      outage.failed(error);
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
  return false;
}
