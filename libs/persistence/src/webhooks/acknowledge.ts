import { acknowledgePlan } from '../sql/delivery-plans.sql.js';
import type { Queryable } from '../sql/statement.js';

/**
 * Says that the client has a job's end: what is left of its delivery plan is cancelled. Cheap where the job has no
 * plan: one look-up.
 * @param ack.cursor `generation:seq` that the client has shown; one before the job's end acknowledges nothing
 * @param ack.how by which channel, such as "a WebSocket's ack": kept with what was cancelled
 * @returns true when this ended the plan
 */
export async function acknowledge(
  db: Queryable,
  ack: { jobId: string; tenantId: string; cursor: string; how: string },
): Promise<boolean> {
  const match = /^(\d{1,9}):(\d{1,9})$/.exec(ack.cursor);
  if (!match) return false;
  const { jobId, tenantId, how } = ack;
  const [generation, seq] = [Number(match[1]), Number(match[2])];
  return acknowledgePlan(db, { jobId, tenantId, generation, seq, reason: `acknowledged by ${how}` });
}
