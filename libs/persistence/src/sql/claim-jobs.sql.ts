import { BatonError, priorities, timing } from '@baton/contracts';
import { type ClaimedJob, claimedColumns } from './claimed-job.js';
import { ofPriority } from './of-priority.js';
import { run, type Queryable } from './statement.js';

export interface ClaimParams {
  workerId: string;
  /** In turn: the first has precedence this time. */
  queues: readonly string[];
  /** Made by the worker, one a free slot. */
  executionIds: readonly string[];
  /**
   * How many of the jobs are to be the oldest of a lower priority, where such wait: so none is starved by those above it.
   * Default none: the highest priority first.
   */
  turns?: { low: number; normal: number };
  /** True where the lease was last extended some time ago. */
  extendLease: boolean;
}

/** The worker was given up and what it ran was released again: it must begin anew, under another id. */
export class WorkerLostError extends BatonError {
  constructor(workerId: string) {
    super(
      'worker_lost',
      `worker ${workerId} is no longer registered as alive; it must register under a new id`,
    );
  }
}

// The share lock on the worker's row is the fence against its rescue, which writes that row first: either this
// claim is seen and released by the rescue, or it finds the worker gone and claims nothing.
const fence = `SELECT id FROM baton.worker WHERE id = $1 AND state = 'alive' FOR SHARE`;
const fenceAndExtend = `
  UPDATE baton.worker SET lease_until = (SELECT baton.now()) + ${timing.leaseMs} * interval '1 ms'
  WHERE id = $1 AND state = 'alive' RETURNING id`;

const claimable = `queue = q.name AND state = 'queued' AND mode = 'polling'
        AND NOT EXISTS (SELECT FROM baton.queue s WHERE s.name = q.name AND s.paused_at IS NOT NULL)`;

/** The oldest jobs of one priority. */
const turn = (priority: number, count: string): string => `
    (SELECT j.id FROM me
    CROSS JOIN unnest($2::text[]) AS q(name)
    CROSS JOIN LATERAL (
      SELECT id FROM baton.job WHERE ${claimable} AND ${ofPriority('baton.job', priority)}
      ORDER BY priority, id LIMIT ${count} FOR UPDATE SKIP LOCKED
    ) j
    LIMIT ${count})`;

const turns = `
turn AS MATERIALIZED (${turn(priorities.low, '$4::int')}
    UNION ALL${turn(priorities.normal, '$5::int')}
),`;

// The lateral sub-query is read lazily, queue by queue, and locks no more rows than are taken. A row that this
// transaction has locked for a turn is not skipped by it, so the rest must leave it out.
const claim = (me: string, inTurn: boolean): string => `
WITH me AS MATERIALIZED (${me}),${inTurn ? turns : ''}
picked AS MATERIALIZED (
  SELECT p.id, row_number() OVER () AS n FROM (
    ${inTurn ? 'SELECT id FROM turn UNION ALL (' : ''}SELECT j.id FROM me
    CROSS JOIN unnest($2::text[]) AS q(name)
    CROSS JOIN LATERAL (
      SELECT id FROM baton.job WHERE ${claimable}${inTurn ? ' AND id <> ALL (ARRAY(SELECT id FROM turn))' : ''}
      ORDER BY priority, id LIMIT cardinality($3::uuid[])
      FOR UPDATE SKIP LOCKED
    ) j
    ${inTurn ? ')' : ''}
    LIMIT cardinality($3::uuid[])
  ) p
), claimed AS (
  UPDATE baton.job j
  SET state = 'running', worker_id = $1, execution_id = ($3::uuid[])[p.n], started_at = (SELECT baton.now()),
    started_seq = j.seq + 1, seq = j.seq + 1
  FROM picked p WHERE j.id = p.id
  RETURNING j.*, p.n
)
SELECT me.id AS me, ${claimedColumns}
FROM (VALUES (1)) AS one LEFT JOIN me ON true LEFT JOIN claimed c ON true
ORDER BY c.n`;

/** By whether the lease is extended, and whether lower priorities have a turn. */
const texts = {
  'claim-jobs': claim(fence, false),
  'claim-jobs-extend': claim(fenceAndExtend, false),
  'claim-jobs-turn': claim(fence, true),
  'claim-jobs-turn-extend': claim(fenceAndExtend, true),
} as const;

/**
 * Claims released jobs for a polling worker: binds an execution to each and makes it `running`, in one statement.
 * Only jobs stamped `polling`, whatever their queue's mode is now.
 * @throws WorkerLostError
 */
export async function claimJobs(db: Queryable, params: ClaimParams): Promise<ClaimedJob[]> {
  const { workerId, queues, executionIds, turns = { low: 0, normal: 0 }, extendLease } = params;
  const inTurn = turns.low + turns.normal > 0;
  const name = `claim-jobs${inTurn ? '-turn' : ''}${extendLease ? '-extend' : ''}` as const;
  type Row = ClaimedJob & { me: string | null };
  const rows = await run<Row>(db, name, texts[name], [
    workerId,
    queues,
    executionIds,
    ...(inTurn ? [turns.low, turns.normal] : []),
  ]);
  if (rows[0]?.me == null) throw new WorkerLostError(workerId);
  return rows.filter((row) => row.jobId !== null);
}
