import { run, type Queryable } from './statement.js';

const recover = `
UPDATE baton.webhook_receiver SET failures = 0, trips = 0, open_until = NULL
WHERE key = ANY ($1::text[]) AND (failures > 0 OR open_until IS NOT NULL)
RETURNING key, old.open_until IS NOT NULL AS "wasOpen"`;

/** Closes the breakers of receivers that have taken a delivery. @returns those that it mattered to */
export async function closeBreakers(
  db: Queryable,
  keys: readonly string[],
): Promise<{ key: string; wasOpen: boolean }[]> {
  if (keys.length === 0) return [];
  return run<{ key: string; wasOpen: boolean }>(db, 'close-breakers', recover, [keys]);
}

export interface FailedReceiver {
  key: string;
  tenantId: string;
  /** In a row, of this batch. */
  failures: number;
  /** The probe of a half-open breaker was among them. */
  probe: boolean;
}

export interface Breaker {
  key: string;
  failures: number;
  before: number;
  /** It was opened just now. */
  opened: boolean;
  openMs: number | null;
}

const ensure = `
INSERT INTO baton.webhook_receiver (key, tenant_id) SELECT * FROM unnest($1::text[], $2::uuid[]) ON CONFLICT (key) DO NOTHING`;

// A failure that was under way when the breaker opened opens it no second time.
const opens = `(b.failures + f.failures >= $4 AND (b.open_until IS NULL OR f.probe))`;
const fail = `
UPDATE baton.webhook_receiver b SET failures = b.failures + f.failures, trips = b.trips + ${opens}::int,
  open_until = CASE WHEN ${opens} THEN (SELECT baton.now()) + least($6::float8, $5::float8 * 2 ^ least(b.trips, 20)) * interval '1 ms' ELSE b.open_until END
FROM unnest($1::text[], $2::int[], $3::bool[]) AS f(key, failures, probe)
WHERE b.key = f.key
RETURNING b.key, new.failures, old.failures AS before, new.trips > old.trips AS opened,
  extract(epoch FROM new.open_until - (SELECT baton.now()))::float8 * 1000 AS "openMs"`;

/**
 * Counts failures in a row, and opens the breakers of receivers that have reached `threshold`: nothing is tried there
 * for `pauseMs`, doubled with each further time up to `mostMs`.
 */
export async function countFailures(
  db: Queryable,
  failed: readonly FailedReceiver[],
  { threshold, pauseMs, mostMs }: { threshold: number; pauseMs: number; mostMs: number },
): Promise<Breaker[]> {
  if (failed.length === 0) return [];
  const keys = failed.map((f) => f.key);
  await run(db, 'ensure-receivers', ensure, [keys, failed.map((f) => f.tenantId)]);
  return run<Breaker & { [column: string]: unknown }>(db, 'count-failures', fail, [
    keys,
    failed.map((f) => f.failures),
    failed.map((f) => f.probe),
    threshold,
    pauseMs,
    mostMs,
  ]);
}

const exhausted = `
INSERT INTO baton.webhook_receiver AS b (key, tenant_id, exhausted_at) VALUES ($1, $2, baton.now())
ON CONFLICT (key) DO UPDATE SET exhausted_at = baton.now()
WHERE b.exhausted_at IS NULL OR b.exhausted_at < (SELECT baton.now()) - interval '1 hour'
RETURNING key`;

/** Whether it is to be said that deliveries to the receiver die: at most once an hour. */
export async function mayTellExhausted(db: Queryable, key: string, tenantId: string): Promise<boolean> {
  return (await run(db, 'may-tell-exhausted', exhausted, [key, tenantId])).length > 0;
}

const states = `
SELECT count(*) FILTER (WHERE open_until > m.now)::int AS open, count(*) FILTER (WHERE open_until <= m.now)::int AS "halfOpen"
FROM baton.webhook_receiver, (SELECT baton.now() AS now) m WHERE open_until IS NOT NULL`;

export async function countBreakers(db: Queryable): Promise<{ open: number; halfOpen: number }> {
  const [row] = await run<{ open: number; halfOpen: number }>(db, 'count-breakers', states, []);
  return row ?? { open: 0, halfOpen: 0 };
}
