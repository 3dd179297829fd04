import { randomUUID } from 'node:crypto';
import { type DispatchMode, priorities, type Priority } from '@baton/contracts';
import { uuidv7 } from 'uuidv7';
import type { Database } from '../database/database.js';
import { advanceLanes } from '../sql/advance-lanes.sql.js';
import { laneId, type LaneKey } from '../sql/lane-key.js';
import { lockLanes } from '../sql/lock-lanes.sql.js';
import { takePlaces } from '../sql/take-places.sql.js';
import { inTransaction } from '../transaction/transaction.js';

export interface SeededTenant {
  tenantId: string;
  queue: string;
}

/** A tenant and a queue with random names. */
export async function seedTenant(database: Database, mode: DispatchMode = 'polling'): Promise<SeededTenant> {
  const tenantId = randomUUID();
  const queue = `q-${tenantId.slice(0, 8)}`;
  await database.pool.query('INSERT INTO baton.tenant (id, name) VALUES ($1, $2)', [
    tenantId,
    `t-${tenantId}`,
  ]);
  await database.pool.query('INSERT INTO baton.queue (name, dispatch_mode) VALUES ($1, $2)', [queue, mode]);
  return { tenantId, queue };
}

/**
 * Puts jobs into the database as accept would, for tests of what comes after it: released, or held in a lane.
 * @returns their ids, in order
 */
export async function seedJobs(
  database: Database,
  { tenantId, queue }: SeededTenant,
  jobs: readonly {
    orderingKey?: string;
    maxAttempts?: number;
    delayMs?: number;
    payload?: unknown;
    priority?: Priority;
  }[],
): Promise<string[]> {
  const ids = jobs.map(() => uuidv7());
  await inTransaction(database.pool, async (tx) => {
    const lanes = jobs.flatMap(({ orderingKey }): LaneKey[] =>
      orderingKey ? [{ tenantId, queue, orderingKey }] : [],
    );
    const { locked } = await lockLanes(tx, lanes, { create: true });
    const places = new Map<string, number>();
    for (const lane of await takePlaces(
      tx,
      locked.map((key) => ({ ...key, count: jobs.length })),
    )) {
      places.set(laneId(lane), lane.firstPlace);
    }
    for (const [i, job] of jobs.entries()) {
      const lane = job.orderingKey ? laneId({ tenantId, queue, orderingKey: job.orderingKey }) : undefined;
      const state = job.delayMs ? 'scheduled' : lane ? 'held' : 'queued';
      await tx.query({
        text: `WITH j AS (INSERT INTO baton.job (id, tenant_id, queue, state, reason, mode, priority, ordering_key, lane_place,
            payload, attempt, max_attempts, timeout_ms, seq, queued_seq, created_at, queued_at, run_at, first_due_at, outbox_id)
          SELECT $1, $2, name, $4::baton.job_state, CASE WHEN $4::text = 'held' THEN 'lane' END, dispatch_mode, $5, $6, $7, $8,
            ($4::text = 'queued')::int, coalesce($9, max_attempts), timeout_ms, 2, CASE WHEN $4::text = 'queued' THEN 2 END, m.now,
            CASE WHEN $4::text = 'queued' THEN m.now END, m.now + $10 * interval '1 ms', m.now + $10 * interval '1 ms',
            CASE WHEN $4::text = 'queued' AND dispatch_mode = 'event' THEN nextval('baton.outbox_id') END
            FROM (SELECT baton.now() AS now) m, baton.queue q WHERE q.name = $3 RETURNING *)
          INSERT INTO baton.outbox (shard, queue, priority, id, job_id, attempt)
          SELECT baton.shard_of(tenant_id, queue, ordering_key, id), queue, priority, outbox_id, id, attempt
          FROM j WHERE mode = 'event' AND state = 'queued'`,
        values: [
          ids[i],
          tenantId,
          queue,
          state,
          priorities[job.priority ?? 'normal'],
          job.orderingKey ?? null,
          state === 'held' ? places.get(lane!)! + i : null,
          JSON.stringify(job.payload ?? null),
          job.maxAttempts ?? null,
          job.delayMs ?? null,
        ],
      });
    }
    await advanceLanes(tx, locked);
  });
  return ids;
}
