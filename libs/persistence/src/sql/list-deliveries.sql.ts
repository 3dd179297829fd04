import { channels, type DeliveryState } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

export interface DeliveryAttempt {
  attempt: number;
  at: string;
  outcome: string;
  status: number | null;
  error: string | null;
  request: { url: string; headers: Record<string, string> };
  response: { headers: Record<string, string> } | null;
  timings: Record<string, number>;
}

export interface DeliveryRow {
  id: string;
  webhookId: string;
  url: string | null;
  type: string;
  jobId: string | null;
  cursor: string | null;
  state: DeliveryState;
  reason: string | null;
  planStep: number | null;
  attempts: number;
  dueAtMs: number;
  createdAtMs: number;
  finishedAtMs: number | null;
  history: DeliveryAttempt[];
}

/** Whose deliveries: an endpoint's, or (null) those to URLs that the tenant's jobs named by themselves. */
export interface DeliveryOwner {
  tenantId: string;
  endpointId: string | null;
}

const ms = (column: string, name: string): string =>
  `floor(extract(epoch FROM ${column}) * 1000)::bigint AS "${name}"`;
const columns = `d.id, d.webhook_id AS "webhookId", d.url, d.type, d.job_id AS "jobId", d.generation || ':' || d.seq AS cursor, d.state, d.reason,
  d.plan_step AS "planStep", d.attempts, ${ms('d.due_at', 'dueAtMs')}, ${ms('d.created_at', 'createdAtMs')}, ${ms('d.finished_at', 'finishedAtMs')},
  coalesce((SELECT jsonb_agg(jsonb_build_object('attempt', a.attempt, 'at', to_char(a.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'outcome', a.outcome, 'status', a.status, 'error', a.error, 'request', a.request, 'response', a.response, 'timings', a.timings)
    ORDER BY a.at) FROM baton.webhook_attempt a WHERE a.delivery_id = d.id), '[]') AS history`;
const owned = `d.tenant_id = $1 AND (d.endpoint_id = $2 OR ($2 IS NULL AND d.endpoint_id IS NULL AND d.url IS NOT NULL))`;

const page = `
SELECT ${columns} FROM baton.webhook_delivery d
WHERE ${owned} AND ($3::text IS NULL OR d.state = $3) AND ($4::uuid IS NULL OR d.id < $4)
ORDER BY d.id DESC LIMIT $5`;

type Row = DeliveryRow & { [column: string]: unknown };

/** Deliveries with their tries, the latest first. */
export function listDeliveries(
  db: Queryable,
  wanted: DeliveryOwner & { state?: DeliveryState | undefined; beforeId?: string | undefined; limit: number },
): Promise<DeliveryRow[]> {
  const { tenantId, endpointId, state, beforeId, limit } = wanted;
  return run<Row>(db, 'list-deliveries', page, [
    tenantId,
    endpointId,
    state ?? null,
    beforeId ?? null,
    limit,
  ]);
}

const ofJob = `
SELECT ${columns} FROM baton.webhook_delivery d WHERE d.job_id = $1 AND d.tenant_id = $2 ORDER BY d.id LIMIT 200`;

/** What a job's events were, or are, delivered as. */
export function listJobDeliveries(
  db: Queryable,
  { jobId, tenantId }: { jobId: string; tenantId: string },
): Promise<DeliveryRow[]> {
  return run<Row>(db, 'list-job-deliveries', ofJob, [jobId, tenantId]);
}

const replay = `
WITH again AS (
  UPDATE baton.webhook_delivery d SET state = 'pending', reason = NULL, step = 0, claim = NULL, due_at = (SELECT baton.now()) + r.n * $6 * interval '1 ms', finished_at = NULL
  FROM (
    SELECT d.id, row_number() OVER (ORDER BY d.id) - 1 AS n FROM baton.webhook_delivery d
    WHERE ${owned} AND ($3::uuid[] IS NULL OR d.id = ANY ($3)) AND d.state = ANY ($4::text[]) AND ($5::float8 IS NULL OR d.at >= to_timestamp($5 / 1000))
    ORDER BY d.id LIMIT $7
  ) r WHERE d.id = r.id AND d.state = ANY ($4::text[])
  RETURNING d.id
)
SELECT count(*)::int AS count, (SELECT pg_notify('${channels.deliveries}', '') FROM again LIMIT 1) FROM again`;

/**
 * Lets deliveries begin anew, under their ids, the oldest first.
 * @param wanted.ids only these; undefined: all that the rest says
 * @param wanted.sinceMs of events since then
 * @param wanted.apartMs how far apart they are due, so that a receiver just mended is not flooded
 * @returns how many; `limit` when there may be more
 */
export async function replayDeliveries(
  db: Queryable,
  wanted: DeliveryOwner & {
    ids?: readonly string[] | undefined;
    states: readonly DeliveryState[];
    sinceMs?: number | undefined;
    apartMs: number;
    limit: number;
  },
): Promise<number> {
  const { tenantId, endpointId, ids, states, sinceMs, apartMs, limit } = wanted;
  const values = [tenantId, endpointId, ids ?? null, states, sinceMs ?? null, apartMs, limit];
  const [row] = await run<{ count: number }>(db, 'replay-deliveries', replay, values);
  return row?.count ?? 0;
}

const note = `
WITH noted AS (
  INSERT INTO baton.webhook_delivery (tenant_id, webhook_id, receiver, endpoint_id, type, at, data, state, due_at)
  SELECT e.tenant_id, 'msg_' || replace(i.id::text, '-', '') || '_' || replace(e.id::text, '-', ''), 'endpoint:' || e.id, e.id, $3, (SELECT baton.now()), $4, 'pending', (SELECT baton.now())
  FROM baton.webhook_endpoint e CROSS JOIN (SELECT $5::uuid AS id) i
  WHERE e.tenant_id = $1 AND (e.id = $2 OR ($2 IS NULL AND $3 = ANY (e.events) AND e.id IS DISTINCT FROM $6)) AND e.disabled_at IS NULL
  ON CONFLICT (webhook_id) DO NOTHING
  RETURNING id
)
SELECT id, pg_notify('${channels.deliveries}', '') FROM noted`;

/**
 * Notes a word of no job: a test event for one endpoint, or an alert for all of the tenant's that want to hear it.
 * @param word.about the endpoint that an alert is about: it is not told of itself
 */
export async function noteWord(
  db: Queryable,
  word: {
    id: string;
    tenantId: string;
    endpointId: string | null;
    type: string;
    data: object;
    about?: string | undefined;
  },
): Promise<string[]> {
  const { id, tenantId, endpointId, type, data, about } = word;
  const values = [tenantId, endpointId, type, JSON.stringify(data), id, about ?? null];
  return (await run<{ id: string }>(db, 'note-word', note, values)).map((row) => row.id);
}

const sweeps = [
  `DELETE FROM baton.webhook_attempt WHERE ctid IN (SELECT ctid FROM baton.webhook_attempt WHERE at < (SELECT baton.now()) - $1 * interval '1 ms' LIMIT $2) RETURNING 1 AS one`,
  `DELETE FROM baton.webhook_delivery WHERE id IN (SELECT id FROM baton.webhook_delivery WHERE finished_at < (SELECT baton.now()) - $1 * interval '1 ms' LIMIT $2) RETURNING 1 AS one`,
  `DELETE FROM baton.delivery_plan WHERE (job_id, generation) IN (SELECT job_id, generation FROM baton.delivery_plan WHERE ended_at < (SELECT baton.now()) - $1 * interval '1 ms' LIMIT $2) RETURNING 1 AS one`,
];

/** Forgets deliveries, their tries and plans that ended longer ago than `olderMs`. @returns true when there may be more */
export async function sweepDeliveries(
  db: Queryable,
  { olderMs, limit }: { olderMs: number; limit: number },
): Promise<boolean> {
  let more = false;
  for (const [i, text] of sweeps.entries())
    more = (await run(db, `sweep-deliveries-${i}`, text, [olderMs, limit])).length === limit || more;
  return more;
}
