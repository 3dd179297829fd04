import { channels, timing } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

export interface EndpointSettings {
  url: string;
  events: string[];
  /** Told of all jobs of these queues; null: of those that name it. */
  queues: string[] | null;
  schedule: number[] | null;
  headers: 'standard' | 'x-signature';
  tiers: boolean;
}

export interface EndpointRow extends EndpointSettings {
  id: string;
  tenantId: string;
  name: string;
  publicKey: string;
  rotatedUntilMs: number | null;
  disabledAtMs: number | null;
  disabledReason: string | null;
  createdAtMs: number;
  updatedAtMs: number;
  /** Of its breaker. */
  failures: number;
  pausedUntilMs: number | null;
}

/** Its keys, sealed, for a new endpoint or a new secret. */
export interface EndpointKeys {
  keys: string;
  publicKey: string;
}

const ms = (column: string, name: string): string =>
  `floor(extract(epoch FROM ${column}) * 1000)::bigint AS "${name}"`;
const columns = `e.id, e.tenant_id AS "tenantId", e.name, e.url, e.events, e.queues, e.schedule, e.headers, e.tiers, e.public_key AS "publicKey",
  ${ms('CASE WHEN e.old_keys_until > baton.now() THEN e.old_keys_until END', 'rotatedUntilMs')}, ${ms('e.disabled_at', 'disabledAtMs')},
  e.disabled_reason AS "disabledReason", ${ms('e.created_at', 'createdAtMs')}, ${ms('e.updated_at', 'updatedAtMs')}`;
const breaker = `coalesce(b.failures, 0) AS failures, ${ms('CASE WHEN b.open_until > baton.now() THEN b.open_until END', 'pausedUntilMs')}`;
const source = `baton.webhook_endpoint e LEFT JOIN baton.webhook_receiver b ON b.key = 'endpoint:' || e.id`;

const put = `
WITH e AS (
  INSERT INTO baton.webhook_endpoint AS w (id, tenant_id, name, url, events, queues, schedule, headers, tiers, keys, public_key)
  VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  ON CONFLICT (tenant_id, name) DO UPDATE SET url = excluded.url, events = excluded.events, queues = excluded.queues,
    schedule = excluded.schedule, headers = excluded.headers, tiers = excluded.tiers, updated_at = (SELECT baton.now())
  RETURNING *
)
SELECT ${columns}, ${breaker} FROM e LEFT JOIN baton.webhook_receiver b ON b.key = 'endpoint:' || e.id`;

type Row = EndpointRow & { [column: string]: unknown };

/** Makes the endpoint, or sets it anew; its keys stay. @returns it; its id is the given one when it was made */
export async function putEndpoint(
  db: Queryable,
  endpoint: EndpointSettings & EndpointKeys & { id: string; tenantId: string; name: string },
): Promise<EndpointRow> {
  const { id, tenantId, name, url, events, queues, schedule, headers, tiers, keys, publicKey } = endpoint;
  const values = [id, tenantId, name, url, events, queues, schedule, headers, tiers, keys, publicKey];
  const [row] = await run<Row>(db, 'put-endpoint', put, values);
  if (!row) throw new TypeError('put-endpoint returned no row');
  return row;
}

const read = `SELECT ${columns}, ${breaker} FROM ${source} WHERE e.tenant_id = $1 AND e.name = $2`;

export async function readEndpoint(
  db: Queryable,
  { tenantId, name }: { tenantId: string; name: string },
): Promise<EndpointRow | undefined> {
  const [row] = await run<Row>(db, 'read-endpoint', read, [tenantId, name]);
  return row;
}

const page = `SELECT ${columns}, ${breaker} FROM ${source} WHERE e.tenant_id = $1 AND e.name > $2 ORDER BY e.name LIMIT $3`;

export function listEndpoints(
  db: Queryable,
  { tenantId, after, limit }: { tenantId: string; after?: string | undefined; limit: number },
): Promise<EndpointRow[]> {
  return run<Row>(db, 'list-endpoints', page, [tenantId, after ?? '', limit]);
}

const names = `SELECT name FROM baton.webhook_endpoint WHERE tenant_id = $1`;

export async function listEndpointNames(db: Queryable, tenantId: string): Promise<string[]> {
  return (await run<{ name: string }>(db, 'list-endpoint-names', names, [tenantId])).map((row) => row.name);
}

const dead = `
killed AS (
  UPDATE baton.webhook_delivery d SET state = 'dead', reason = $3, claim = NULL, finished_at = (SELECT baton.now())
  FROM e WHERE d.receiver = 'endpoint:' || e.id AND d.state IN ('waiting', 'pending') RETURNING d.job_id, d.generation, d.plan_step
), ended AS (
  UPDATE baton.delivery_plan p SET step_until = (SELECT baton.now()) FROM killed k
  WHERE p.job_id = k.job_id AND p.generation = k.generation AND p.step = k.plan_step AND p.state = 'active'
)`;

const remove = `
WITH e AS (DELETE FROM baton.webhook_endpoint WHERE tenant_id = $1 AND name = $2 RETURNING id), ${dead},
gone AS (DELETE FROM baton.webhook_receiver b USING e WHERE b.key = 'endpoint:' || e.id)
SELECT id FROM e`;

/** Deletes the endpoint; what was to be delivered to it is dead. @returns false when there is none */
export async function deleteEndpoint(
  db: Queryable,
  { tenantId, name }: { tenantId: string; name: string },
): Promise<boolean> {
  return (await run(db, 'delete-endpoint', remove, [tenantId, name, 'the endpoint was deleted'])).length > 0;
}

const disable = `
WITH e AS (
  UPDATE baton.webhook_endpoint SET disabled_at = (SELECT baton.now()), disabled_reason = $3 WHERE id = $1 AND tenant_id = $2 AND disabled_at IS NULL
  RETURNING id
), ${dead}
SELECT id FROM e`;

/** Disables the endpoint; what was to be delivered to it is dead until it is replayed. @returns false when it was */
export async function disableEndpoint(
  db: Queryable,
  { id, tenantId, reason }: { id: string; tenantId: string; reason: string },
): Promise<boolean> {
  return (await run(db, 'disable-endpoint', disable, [id, tenantId, reason])).length > 0;
}

const enable = `
WITH e AS (
  UPDATE baton.webhook_endpoint SET disabled_at = NULL, disabled_reason = NULL, updated_at = (SELECT baton.now())
  WHERE tenant_id = $1 AND name = $2 RETURNING id
), closed AS (DELETE FROM baton.webhook_receiver b USING e WHERE b.key = 'endpoint:' || e.id)
SELECT pg_notify('${channels.deliveries}', '') FROM e`;

/** Enables the endpoint, and closes its breaker. */
export async function enableEndpoint(
  db: Queryable,
  { tenantId, name }: { tenantId: string; name: string },
): Promise<void> {
  await run(db, 'enable-endpoint', enable, [tenantId, name]);
}

const rotate = `
UPDATE baton.webhook_endpoint SET old_keys = keys, old_keys_until = (SELECT baton.now()) + ${timing.webhookRotationMs} * interval '1 ms',
  keys = $3, public_key = $4, updated_at = (SELECT baton.now())
WHERE tenant_id = $1 AND name = $2 AND keys <> $3`;

/** Gives the endpoint new keys; the old ones sign too for a day. */
export async function rotateEndpoint(
  db: Queryable,
  { tenantId, name, keys, publicKey }: EndpointKeys & { tenantId: string; name: string },
): Promise<void> {
  await run(db, 'rotate-endpoint', rotate, [tenantId, name, keys, publicKey]);
}
