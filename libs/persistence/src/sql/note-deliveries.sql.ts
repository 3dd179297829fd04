import { channels, limits } from '@baton/contracts';
import type { DeliveryTarget } from '../webhooks/delivery-target.js';
import { run, type Queryable } from './statement.js';

const ended = `
SELECT id, tenant_id, queue, state::text, generation, seq, attempt, execution_id, metadata, traceparent, tracestate, baggage,
  finished_at AS at, result_kind, result, file_name, file_type, file_sha256, octet_length(file) AS file_bytes, error
FROM baton.job_history WHERE id = ANY ($8::uuid[])`;
// What has just ended lies in the latest partitions; those of the days to come are there already.
const justEnded = `${ended} AND finished_at > (SELECT baton.now()) - interval '1 hour' AND finished_at < (SELECT baton.now()) + interval '1 hour'`;
const live = `
SELECT id, tenant_id, queue, state::text, generation, seq, attempt, execution_id, metadata, traceparent, tracestate, baggage,
  (SELECT baton.now()) AS at, NULL::text AS result_kind, NULL::text AS result, NULL::text AS file_name, NULL::text AS file_type,
  NULL::text AS file_sha256, NULL::int AS file_bytes, NULL::text AS error
FROM baton.job WHERE id = ANY ($8::uuid[])`;

// An endpoint is looked up by its whole key (LIMIT): joined, all of a tenant's would be read while PostgreSQL knows no statistics.
// A dash for each dot: the id stands in the text that is signed, whose parts are told apart by dots.
const text = (source: string): string => `
WITH job AS MATERIALIZED (${source}),
target AS MATERIALIZED (
  SELECT t.*, e.id AS endpoint_id, e.disabled_at FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[], $10::bool[])
    AS t(job_id, type, endpoint, url, origin, secret, plan_step, filtered)
  JOIN job j ON j.id = t.job_id
  LEFT JOIN LATERAL (SELECT id, events, disabled_at FROM baton.webhook_endpoint WHERE tenant_id = j.tenant_id AND name = t.endpoint LIMIT 1) e ON true
  WHERE NOT t.filtered OR e.id IS NULL OR t.type = ANY (e.events)
), wanted AS (
  SELECT job_id, type, endpoint, url, origin, secret, plan_step, endpoint_id, disabled_at FROM target
  UNION ALL
  SELECT s.job_id, s.type, e.name, NULL, NULL, NULL, NULL, e.id, e.disabled_at
  FROM unnest($9::uuid[], $11::text[]) AS s(job_id, type) JOIN job j ON j.id = s.job_id
  JOIN baton.webhook_endpoint e ON e.tenant_id = j.tenant_id AND e.queues && ARRAY['*', j.queue] AND s.type = ANY (e.events)
  WHERE NOT EXISTS (SELECT FROM target t WHERE t.job_id = s.job_id AND t.endpoint = e.name)
), noted AS (
  INSERT INTO baton.webhook_delivery (tenant_id, webhook_id, receiver, endpoint_id, url, secret, type, at, job_id, generation, seq,
    queue, attempt, execution_id, data, result, error, traceparent, tracestate, baggage, plan_step, state, reason, due_at, finished_at)
  SELECT j.tenant_id,
    concat_ws('_', 'msg', replace(j.id::text, '-', ''), j.generation, j.seq,
      replace(coalesce(w.endpoint_id::text, md5(coalesce(w.url, w.endpoint))), '-', '')),
    CASE WHEN w.endpoint_id IS NOT NULL THEN 'endpoint:' || w.endpoint_id
      WHEN w.url IS NOT NULL THEN 'origin:' || j.tenant_id || ':' || w.origin ELSE 'none:' || j.tenant_id END,
    w.endpoint_id, w.url, w.secret, w.type, j.at, j.id, j.generation, j.seq, j.queue, j.attempt, j.execution_id,
    jsonb_strip_nulls(jsonb_build_object('id', j.id, 'queue', j.queue, 'state', j.state, 'attempt', j.attempt, 'generation', j.generation,
      'cursor', j.generation || ':' || j.seq, 'metadata', j.metadata,
      'resultBytes', CASE WHEN j.result_kind = 'json' THEN octet_length(j.result) END,
      'file', CASE WHEN j.result_kind = 'file' THEN jsonb_build_object('name', j.file_name, 'mediaType', j.file_type, 'size', j.file_bytes, 'sha256', j.file_sha256) END)),
    CASE WHEN j.result_kind = 'json' AND octet_length(j.result) <= ${limits.webhookBytes} THEN j.result END, j.error,
    j.traceparent, j.tracestate, j.baggage, w.plan_step, d.state, d.reason, (SELECT baton.now()),
    CASE WHEN d.state = 'dead' THEN (SELECT baton.now()) END
  FROM wanted w JOIN job j ON j.id = w.job_id CROSS JOIN LATERAL (
    SELECT CASE WHEN w.url IS NULL AND w.endpoint_id IS NULL THEN 'dead' WHEN w.disabled_at IS NOT NULL THEN 'dead'
        WHEN w.plan_step > 0 THEN 'waiting' ELSE 'pending' END AS state,
      CASE WHEN w.url IS NULL AND w.endpoint_id IS NULL THEN 'there is no endpoint "' || w.endpoint || '"'
        WHEN w.disabled_at IS NOT NULL THEN 'the endpoint is disabled' END AS reason
  ) d
  ON CONFLICT (webhook_id) DO NOTHING
  RETURNING state
)
SELECT pg_notify('${channels.deliveries}', '') FROM noted WHERE state = 'pending' LIMIT 1`;

const texts = { justEnded: text(justEnded), ended: text(ended), live: text(live) };

/** A job of whose event somebody may be told. */
export interface ToldJob {
  jobId: string;
  type: string;
  /** An endpoint had subscribed to its queue when it was accepted. */
  subscribed: boolean;
}

/** Where the jobs lie whose event it is: just ended, ended earlier, or live. */
export type EventSource = keyof typeof texts;

/**
 * Writes the deliveries of jobs' events, in the transaction of the events, and wakes whoever delivers when it commits.
 * That NOTIFY serialises the commits of transactions that note deliveries; the others pay nothing.
 * @param jobs whose events they are; of those marked so, the tenant's endpoints that have subscribed are told too
 */
export async function noteDeliveries(
  db: Queryable,
  targets: readonly DeliveryTarget[],
  { jobs, source }: { jobs: readonly ToldJob[]; source: EventSource },
): Promise<void> {
  if (jobs.length === 0) return;
  const subscribed = jobs.filter((job) => job.subscribed);
  const column = <K extends keyof DeliveryTarget>(name: K) => targets.map((target) => target[name]);
  await run(db, `note-deliveries-${source}`, texts[source], [
    column('jobId'),
    column('type'),
    column('endpoint'),
    column('url'),
    column('origin'),
    column('secret'),
    column('planStep'),
    jobs.map((job) => job.jobId),
    subscribed.map((job) => job.jobId),
    column('filtered'),
    subscribed.map((job) => job.type),
  ]);
}
