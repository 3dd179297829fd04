import type { WebhookEventType } from '@baton/contracts';
import { noteDeliveries } from '../sql/note-deliveries.sql.js';
import { readWebhooks } from '../sql/read-webhooks.sql.js';
import type { Queryable } from '../sql/statement.js';
import { webhookTargets } from './delivery-target.js';

/**
 * Notes whom an event that does not end its job is to be told: `job.overdue` of live jobs, `result.expiring` of ended
 * ones. To be called in the event's transaction, after the job's `seq` was raised to the event's.
 */
export async function noteJobEvents(
  db: Queryable,
  jobIds: readonly string[],
  type: WebhookEventType,
): Promise<void> {
  if (jobIds.length === 0) return;
  const source = type === 'job.overdue' ? 'live' : 'ended';
  const told = await readWebhooks(db, jobIds, source);
  const targets = told.flatMap(({ jobId, webhook }) => webhookTargets(jobId, type, webhook));
  await noteDeliveries(db, targets, { jobs: told.map((job) => ({ ...job, type })), source });
}
