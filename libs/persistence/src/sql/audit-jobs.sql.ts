import { jobTopic, priorities, priorityNames } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

/** A live job that is in no place, or in two. */
export interface UnaccountedJob {
  jobId: string;
  tenantId: string;
  queue: string;
  state: string;
  attempt: number;
  why: string;
}

export interface Audit {
  /** Live jobs, by where they are. */
  places: Record<string, number>;
  unaccounted: number;
  /** The first of them. */
  examples: UnaccountedJob[];
}

const topicOf = `CASE j.priority ${priorityNames
  .map((name) => `WHEN ${priorities[name]} THEN ${jobTopicText(name)}`)
  .join(' ')} END`;

function jobTopicText(name: (typeof priorityNames)[number]): string {
  const [before = '', after = ''] = jobTopic('\0', name).split('\0');
  return `'${before}' || j.queue || '${after}'`;
}

const inOutbox = `EXISTS (SELECT FROM baton.outbox o WHERE o.shard = baton.shard_of(j.tenant_id, j.queue, j.ordering_key, j.id)
  AND o.queue = j.queue AND o.priority = j.priority AND o.id = j.outbox_id AND o.job_id = j.id AND o.attempt = j.attempt)`;
const isPublished = `EXISTS (SELECT FROM baton.publish_log l WHERE l.topic = ${topicOf}
  AND l.last_id >= j.outbox_id AND l.first_id <= j.outbox_id AND l.published_at >= j.queued_at - interval '1 minute'
  AND j.outbox_id = ANY (l.ids))`;
const laneMoves = `EXISTS (SELECT FROM baton.lane l JOIN baton.job h ON h.id = l.holder
  WHERE l.tenant_id = j.tenant_id AND l.queue = j.queue AND l.ordering_key = j.ordering_key)`;
const isOwned = `EXISTS (SELECT FROM baton.worker w WHERE w.id = j.worker_id AND w.state = 'alive')`;

const text = `
WITH placed AS MATERIALIZED (
  SELECT j.id, j.tenant_id, j.queue, j.state, j.attempt,
    CASE j.state
      WHEN 'scheduled' THEN CASE WHEN j.run_at IS NOT NULL THEN 'scheduled' END
      WHEN 'held' THEN CASE j.reason
        WHEN 'lane' THEN CASE WHEN ${laneMoves} THEN 'held' END
        WHEN 'parents' THEN CASE WHEN j.pending_parents > 0 THEN 'held' END
        WHEN 'admission' THEN 'held'
        ELSE CASE WHEN j.gate IS NOT NULL THEN 'held' END END
      WHEN 'queued' THEN CASE WHEN j.mode = 'polling' THEN 'queued' WHEN ${inOutbox} THEN 'outbox' WHEN ${isPublished} THEN 'topic' END
      WHEN 'running' THEN CASE WHEN ${isOwned} THEN 'running' END
    END AS place,
    CASE j.state
      WHEN 'scheduled' THEN 'it has no due time'
      WHEN 'held' THEN CASE j.reason WHEN 'lane' THEN 'no live job holds its lane' WHEN 'parents' THEN 'it waits for no parent'
        ELSE 'it stands before no limit' END
      WHEN 'queued' THEN 'it is neither in the outbox nor on a topic'
      WHEN 'running' THEN 'its worker is not alive'
    END AS why
  FROM baton.job j
), stray AS MATERIALIZED (
  SELECT * FROM placed WHERE place IS NULL
)
SELECT coalesce((SELECT json_object_agg(place, n) FROM (SELECT place, count(*)::int AS n FROM placed WHERE place IS NOT NULL GROUP BY place) p), '{}') AS places,
  (SELECT count(*)::int FROM stray) AS unaccounted,
  coalesce((SELECT json_agg(json_build_object('jobId', id, 'tenantId', tenant_id, 'queue', queue, 'state', state, 'attempt', attempt, 'why', why))
    FROM (SELECT * FROM stray ORDER BY id LIMIT $1) e), '[]') AS examples`;

/**
 * Looks where each live job is: scheduled, held, queued for polling, in the outbox, on a topic, or running with a worker
 * that lives. A whole scan: for an operator, for tests, and for a gauge that is asked for now and then. In one snapshot; what
 * is about to be rescued counts as unaccounted until it is.
 */
export async function auditJobs(db: Queryable, { examples = 20 } = {}): Promise<Audit> {
  const [row] = await run<Audit & { [column: string]: unknown }>(db, 'audit-jobs', text, [examples]);
  if (!row) throw new TypeError('audit-jobs returned no row');
  return row;
}
