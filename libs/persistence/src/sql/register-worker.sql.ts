import { type DispatchMode, timing } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

export interface WorkerRegistration {
  id: string;
  source: DispatchMode;
  host: string;
  pid: number;
  queues: readonly string[];
}

const register = `
INSERT INTO baton.worker (id, source, host, pid, queues, lease_until)
VALUES ($1, $2, $3, $4, $5, (SELECT baton.now()) + ${timing.leaseMs} * interval '1 ms')
ON CONFLICT (id) DO UPDATE SET queues = excluded.queues
RETURNING number, state = 'alive' AS alive`;

/**
 * Registers one incarnation of a worker process; the same id again is the same incarnation (it reconnected).
 * @returns the number that names its session lock, and whether it still owns what it ran
 */
export async function registerWorker(
  db: Queryable,
  worker: WorkerRegistration,
): Promise<{ number: number; alive: boolean }> {
  const values = [worker.id, worker.source, worker.host, worker.pid, worker.queues];
  const [row] = await run<{ number: number; alive: boolean }>(db, 'register-worker', register, values);
  if (!row) throw new TypeError('register-worker returned no row');
  return row;
}

/** The worker goes of its own will, having handed everything back. */
export async function leaveWorker(db: Queryable, workerId: string): Promise<void> {
  await run(db, 'leave-worker', `UPDATE baton.worker SET state = 'left' WHERE id = $1 AND state = 'alive'`, [
    workerId,
  ]);
}
