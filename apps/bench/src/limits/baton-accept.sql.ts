import type { DispatchMode } from '@baton/contracts';
import type { Pool } from 'pg';
import type { PlainJob } from './plain-tables.sql.js';

export interface BatonPlace {
  tenantId: string;
  queue: string;
  mode: DispatchMode;
}

/** A tenant and a queue for the limits. */
export async function makeBatonPlace(pool: Pool, { tenantId, queue, mode }: BatonPlace): Promise<void> {
  await pool.query('INSERT INTO baton.tenant (id, name) VALUES ($1, $2)', [tenantId, queue]);
  await pool.query('INSERT INTO baton.queue (name, dispatch_mode) VALUES ($1, $2)', [queue, mode]);
}

const columns = `id, tenant_id, queue, state, mode, priority, payload, attempt, max_attempts, timeout_ms, seq, queued_seq,
  created_at, queued_at, traceparent`;
const values = `id, $4::uuid, $5::text, 'queued'::baton.job_state, $6::baton.dispatch_mode, 1, payload, 1, 5, 300000, 2, 2,
  now(), now(), traceparent`;
const given = 'unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, payload, traceparent)';

const statements: Readonly<Record<DispatchMode, string>> = {
  polling: `INSERT INTO baton.job (${columns}) SELECT ${values} FROM ${given}`,
  event: `
    WITH numbered AS MATERIALIZED (SELECT given.*, nextval('baton.outbox_id') AS outbox_id FROM ${given}),
    announced AS (
      INSERT INTO baton.outbox (shard, queue, priority, id, job_id, attempt, created_at)
      SELECT baton.shard_of($4::uuid, $5::text, NULL, id), $5::text, 1, outbox_id, id, 1, now() FROM numbered
    )
    INSERT INTO baton.job (${columns}, outbox_id) SELECT ${values}, outbox_id FROM numbered`,
};

/** Released jobs in Baton's tables, by the least statement that writes them. */
export async function acceptOnBatonSchema(
  pool: Pool,
  jobs: readonly PlainJob[],
  { tenantId, queue, mode }: BatonPlace,
): Promise<void> {
  const lists = [
    jobs.map(({ id }) => id),
    jobs.map(({ payload }) => payload),
    jobs.map(({ traceparent }) => traceparent),
  ];
  await pool.query({
    name: `accept-${mode}`,
    text: statements[mode],
    values: [...lists, tenantId, queue, mode],
  });
}
