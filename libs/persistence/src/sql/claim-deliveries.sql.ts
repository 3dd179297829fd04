import { pulledUrl, timing } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

/** What one try needs to know. Secrets are sealed. */
export interface ClaimedDelivery {
  id: string;
  claim: string;
  webhookId: string;
  tenantId: string;
  receiver: string;
  endpointId: string | null;
  /** Of the delivery itself, or of its endpoint. */
  url: string | null;
  secret: string | null;
  /** Of the endpoint, or of the tenant's `default` where the job gave no secret. */
  keys: string | null;
  oldKeys: string | null;
  keysOf: string | null;
  headers: 'standard' | 'x-signature' | null;
  schedule: number[] | null;
  tiers: boolean | null;
  type: string;
  atMs: number;
  jobId: string | null;
  generation: number | null;
  queue: string | null;
  attempt: number | null;
  executionId: string | null;
  data: Record<string, unknown>;
  result: string | null;
  error: string | null;
  traceparent: string | null;
  tracestate: string | null;
  baggage: string | null;
  planStep: number | null;
  step: number;
  attempts: number;
  /** The one that goes while the breaker is half open. */
  probe: boolean;
  /** By how much it is late. */
  lateMs: number;
}

const columns = `c.id, c.claim, c.webhook_id AS "webhookId", c.tenant_id AS "tenantId", c.receiver, c.endpoint_id AS "endpointId",
  coalesce(c.url, e.url) AS url, c.secret, e.keys, e.id AS "keysOf",
  CASE WHEN e.old_keys_until > (SELECT now FROM moment) THEN e.old_keys END AS "oldKeys",
  CASE WHEN c.url IS NULL THEN e.headers END AS headers, CASE WHEN c.url IS NULL THEN e.schedule END AS schedule,
  CASE WHEN c.url IS NULL THEN e.tiers END AS tiers, c.type, floor(extract(epoch FROM c.at) * 1000)::bigint AS "atMs",
  c.job_id AS "jobId", c.generation, c.queue, c.attempt, c.execution_id AS "executionId", c.data, c.result, c.error,
  c.traceparent, c.tracestate, c.baggage, c.plan_step AS "planStep", c.step, c.attempts`;
// By its id alone: an OR of two ways would be looked up in both.
const itsEndpoint = `LEFT JOIN baton.webhook_endpoint e ON e.id = CASE WHEN c.endpoint_id IS NOT NULL THEN c.endpoint_id
  WHEN c.secret IS NULL THEN (SELECT o.id FROM baton.webhook_endpoint o WHERE o.tenant_id = c.tenant_id AND o.name = 'default') END`;

// Receivers are found by skipping through the index, so a receiver's flood costs the others nothing. Of two processes
// that find a breaker half open, the one that moves its row on has the probe.
const everyReceiver = `
  (SELECT receiver FROM baton.webhook_delivery WHERE state = 'pending' AND receiver > $1 ORDER BY receiver LIMIT 1)
  UNION ALL
  SELECT (SELECT d.receiver FROM baton.webhook_delivery d WHERE d.state = 'pending' AND d.receiver > r.receiver ORDER BY d.receiver LIMIT 1)
  FROM receiver r WHERE r.receiver IS NOT NULL`;
// The bound keeps it from what lies behind breakers, and from what PostgreSQL has not cleared up.
const latestReceivers = `
  SELECT DISTINCT l.receiver FROM (
    SELECT receiver FROM baton.webhook_delivery
    WHERE state = 'pending' AND due_at <= (SELECT now FROM moment) AND due_at > (SELECT now FROM moment) - interval '10 s'
    ORDER BY due_at DESC LIMIT $1::int
  ) l`;
// Its client asks for them. (CASE: the parts of an AND are evaluated in any order, and an origin is no id.)
const pulled = `EXISTS (
    SELECT FROM baton.webhook_endpoint e
    WHERE e.id = CASE WHEN r.receiver LIKE 'endpoint:%' THEN substr(r.receiver, 10)::uuid END AND e.url = '${pulledUrl}')`;

const claim = (receivers: string, only: string): string => `
WITH RECURSIVE moment AS MATERIALIZED (SELECT baton.now() AS now),
receiver AS (${receivers}
), picked AS MATERIALIZED (
  SELECT d.id, r.receiver, b.open_until IS NOT NULL AS probe, d.due_at
  FROM receiver r CROSS JOIN moment m LEFT JOIN baton.webhook_receiver b ON b.key = r.receiver
  CROSS JOIN LATERAL (
    SELECT d.id, d.due_at FROM baton.webhook_delivery d
    WHERE d.state = 'pending' AND d.receiver = r.receiver AND d.due_at <= m.now
    ORDER BY d.due_at, d.id
    LIMIT CASE WHEN b.open_until IS NOT NULL THEN 1 ELSE greatest(0, $3 - coalesce(($4::jsonb ->> r.receiver)::int, 0)) END
    FOR UPDATE SKIP LOCKED
  ) d
  WHERE r.receiver IS NOT NULL AND ${only} AND (b.open_until IS NULL OR b.open_until <= m.now)
  LIMIT $2
), probes AS (
  UPDATE baton.webhook_receiver b SET open_until = m.now + ${timing.webhookLeaseMs} * interval '1 ms'
  FROM picked p CROSS JOIN moment m WHERE p.probe AND b.key = p.receiver AND b.open_until <= m.now
  RETURNING b.key
), claimed AS (
  UPDATE baton.webhook_delivery d
  SET claim = gen_random_uuid(), due_at = m.now + ${timing.webhookLeaseMs} * interval '1 ms'
  FROM picked p CROSS JOIN moment m
  WHERE d.id = p.id AND (NOT p.probe OR EXISTS (SELECT FROM probes WHERE probes.key = p.receiver))
  RETURNING d.*, p.probe, extract(epoch FROM m.now - p.due_at) * 1000 AS late_ms
)
SELECT ${columns}, c.probe, greatest(0, c.late_ms)::float8 AS "lateMs"
FROM claimed c ${itsEndpoint}
ORDER BY c.receiver`;

const text = claim(everyReceiver, `NOT ${pulled}`);
const latest = claim(latestReceivers, `NOT ${pulled}`);
const latestLooked = 256;

/** How much is claimed, and how many of each receiver this process tries already. */
export interface WantedDeliveries {
  limit: number;
  perReceiver: number;
  inFlight: Readonly<Record<string, number>>;
}

/**
 * Takes due deliveries, receivers in turn, each under a claim that holds for a while: who records an outcome shows it.
 * Every receiver for which anything is pending is looked at.
 * @param wanted.after the receiver at which the last look ended; '' for the first
 */
export function claimDeliveries(
  db: Queryable,
  { after, limit, perReceiver, inFlight }: WantedDeliveries & { after: string },
): Promise<ClaimedDelivery[]> {
  const values = [after, limit, perReceiver, JSON.stringify(inFlight)];
  return run<ClaimedDelivery & { [column: string]: unknown }>(db, 'claim-deliveries', text, values);
}

/** The same for those receivers alone that something has become due for within the last seconds: it costs little. */
export function claimLatestDeliveries(
  db: Queryable,
  { limit, perReceiver, inFlight }: WantedDeliveries,
): Promise<ClaimedDelivery[]> {
  const values = [latestLooked, limit, perReceiver, JSON.stringify(inFlight)];
  return run<ClaimedDelivery & { [column: string]: unknown }>(db, 'claim-latest-deliveries', latest, values);
}

const take = claim('SELECT $1::text AS receiver', pulled);

/** Takes due deliveries of one endpoint whose client asks for them, under a claim like any other. */
export function takeDeliveries(
  db: Queryable,
  { endpointId, limit }: { endpointId: string; limit: number },
): Promise<ClaimedDelivery[]> {
  const values = [`endpoint:${endpointId}`, limit, limit, '{}'];
  return run<ClaimedDelivery & { [column: string]: unknown }>(db, 'take-deliveries', take, values);
}

const taken = `
WITH moment AS (SELECT baton.now() AS now)
SELECT ${columns}, coalesce(b.open_until IS NOT NULL, false) AS probe, 0::float8 AS "lateMs"
FROM baton.webhook_delivery c LEFT JOIN baton.webhook_receiver b ON b.key = c.receiver ${itsEndpoint}
WHERE c.id = $1 AND c.claim = $2 AND c.endpoint_id = $3 AND c.state = 'pending'`;

/** A delivery whose claim still holds, as it was taken. */
export async function readTaken(
  db: Queryable,
  { id, claim: held, endpointId }: { id: string; claim: string; endpointId: string },
): Promise<ClaimedDelivery | undefined> {
  type Row = ClaimedDelivery & { [column: string]: unknown };
  const [row] = await run<Row>(db, 'read-taken', taken, [id, held, endpointId]);
  return row;
}

// What is due already is held up by a breaker or by this process's own bounds: both end with a look.
const nextDue = `
SELECT floor(extract(epoch FROM least(
  (SELECT min(due_at) FROM baton.webhook_delivery WHERE state = 'pending' AND due_at > m.now),
  (SELECT min(open_until) FROM baton.webhook_receiver WHERE open_until > m.now),
  (SELECT min(step_until) FROM baton.delivery_plan WHERE state = 'active' AND step_until IS NOT NULL)
) - m.now) * 1000)::float8 AS ms FROM (SELECT baton.now() AS now) m`;

/** Milliseconds until there is something to look for; undefined when nothing is known of. */
export async function nextDelivery(db: Queryable): Promise<number | undefined> {
  const [row] = await run<{ ms: number | null }>(db, 'next-delivery', nextDue, []);
  return row?.ms == null ? undefined : Math.max(0, row.ms);
}

const giveBack = `
UPDATE baton.webhook_delivery d SET claim = NULL, due_at = (SELECT baton.now())
FROM unnest($1::uuid[], $2::uuid[]) AS g(id, claim) WHERE d.id = g.id AND d.claim = g.claim AND d.state = 'pending'`;

/** Lets deliveries go that were claimed and not tried: another process takes them at once. */
export async function giveDeliveriesBack(
  db: Queryable,
  claimed: readonly { id: string; claim: string }[],
): Promise<void> {
  if (claimed.length === 0) return;
  await run(db, 'give-deliveries-back', giveBack, [claimed.map((c) => c.id), claimed.map((c) => c.claim)]);
}
