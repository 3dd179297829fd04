import { channels, priorities, type Priority } from '@baton/contracts';
import { Notifier } from '@baton/persistence';
import type { Fleet } from './fleet.js';
import { countEnded, insertBacklog } from './seed-backlog.sql.js';

/** In one statement, well within its time-out. */
const sliceJobs = 10_000;

/** A backlog that the API would take minutes to accept: written to PostgreSQL as accept writes it, and woken for. */
export async function seedBacklog(
  fleet: Fleet,
  { tenantId, queue, priority }: { tenantId: string; queue: string; priority: Priority },
  { count, payload }: { count: number; payload: unknown },
): Promise<void> {
  for (let left = count; left > 0; left -= sliceJobs) {
    await fleet.database.pool.query(insertBacklog, [
      tenantId,
      queue,
      priorities[priority],
      Math.min(left, sliceJobs),
      JSON.stringify(payload),
    ]);
  }
  const notifier = new Notifier(fleet.stack.databaseUrl, { applicationName: 'e2e', log: () => undefined });
  for (const channel of [channels.jobs, channels.outbox]) notifier.wake(channel, queue);
  await notifier.flush();
  await notifier.close();
}

export async function endedOf(
  fleet: Fleet,
  { tenantId, queue, priority }: { tenantId: string; queue: string; priority: Priority },
): Promise<number> {
  const { rows } = await fleet.database.pool.query<{ ended: number }>(countEnded, [
    tenantId,
    queue,
    priorities[priority],
  ]);
  return rows[0]!.ended;
}
