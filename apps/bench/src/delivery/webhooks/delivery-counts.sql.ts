import type { Client } from 'pg';

export interface DeliveryCounts {
  pending: number;
  delivered: number;
  dead: number;
  attempts: number;
  /** From the first try to the last but 5 % of them, which are the second tries of the sick; by PostgreSQL's clock. */
  seconds: number;
}

export async function readDeliveryCounts(client: Client): Promise<DeliveryCounts> {
  const { rows } = await client.query<DeliveryCounts>(
    `SELECT count(*) FILTER (WHERE state IN ('pending', 'waiting'))::int AS pending,
       count(*) FILTER (WHERE state = 'delivered')::int AS delivered, count(*) FILTER (WHERE state = 'dead')::int AS dead,
       (SELECT count(*)::int FROM baton.webhook_attempt) AS attempts,
       (SELECT percentile_cont(0.95) WITHIN GROUP (ORDER BY extract(epoch FROM at)::float8) - extract(epoch FROM min(at))::float8
         FROM baton.webhook_attempt) AS seconds
     FROM baton.webhook_delivery WHERE job_id IS NOT NULL`,
  );
  return rows[0]!;
}

/** So that a round counts its own alone: what an earlier one left would also be tried in this one. */
export async function forgetDeliveries(client: Client): Promise<void> {
  await client.query('TRUNCATE baton.webhook_delivery, baton.webhook_attempt, baton.webhook_receiver');
}
