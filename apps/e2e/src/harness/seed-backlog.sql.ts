/** Jobs as accept would have released them: $1 tenant, $2 queue, $3 priority, $4 how many, $5 payload. */
export const insertBacklog = `
WITH made AS (
  INSERT INTO baton.job (id, tenant_id, queue, state, mode, priority, payload, attempt, max_attempts, timeout_ms, seq,
    queued_seq, created_at, queued_at, outbox_id)
  SELECT uuidv7(), $1, q.name, 'queued', q.dispatch_mode, $3, $5, 1, q.max_attempts, q.timeout_ms, 2, 2,
    baton.now(), baton.now(), CASE WHEN q.dispatch_mode = 'event' THEN nextval('baton.outbox_id') END
  FROM baton.queue q CROSS JOIN generate_series(1, $4::int) WHERE q.name = $2
  RETURNING *
), told AS (
  INSERT INTO baton.outbox (shard, queue, priority, id, job_id, attempt)
  SELECT baton.shard_of(tenant_id, queue, ordering_key, id), queue, priority, outbox_id, id, attempt
  FROM made WHERE mode = 'event'
)
SELECT id FROM made`;

/** How many jobs of a tenant's queue and priority have ended. */
export const countEnded = `
SELECT count(*)::int AS ended FROM baton.job_history WHERE tenant_id = $1 AND queue = $2 AND priority = $3`;
