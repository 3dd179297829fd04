/** A limit's counter, as it is looked up: a queue's own has key '' and the tenant of zeros. */
export interface GateKey {
  queue: string;
  key: string;
  tenantId: string;
}

/** A job's two gates, passed in this order; the numbers are `job.gate`, and their bits `job.slots`. */
export const keyGate = 1;
export const queueGate = 2;
export type GateLevel = typeof keyGate | typeof queueGate;

/** Slots given back to one gate. */
export interface Freed extends GateKey {
  count: number;
}

/** One string a gate, for maps and sets. */
export function gateId({ queue, key, tenantId }: GateKey): string {
  return `${queue}\0${key}\0${tenantId}`;
}

export function levelOf({ key }: GateKey): GateLevel {
  return key === '' ? queueGate : keyGate;
}

export const noTenant = '00000000-0000-0000-0000-000000000000';

export function gateOf(job: {
  gate: GateLevel;
  queue: string;
  tenantId: string;
  concurrencyKey: string | null;
}): GateKey {
  return job.gate === keyGate
    ? { queue: job.queue, key: job.concurrencyKey ?? '', tenantId: job.tenantId }
    : { queue: job.queue, key: '', tenantId: noTenant };
}

/** The slots that jobs give back which have passed gates, gate by gate. */
export function slotsOf(
  jobs: Iterable<{ slots: number; queue: string; tenantId: string; concurrencyKey: string | null }>,
): Freed[] {
  const freed = new Map<string, Freed>();
  for (const job of jobs) {
    for (const gate of [keyGate, queueGate] as const) {
      if ((job.slots & gate) === 0) continue;
      const key = gateOf({ ...job, gate });
      const counted = freed.get(gateId(key));
      if (counted) counted.count++;
      else freed.set(gateId(key), { ...key, count: 1 });
    }
  }
  return [...freed.values()];
}

/** Each gate once, in the one order in which gates of one level are locked. */
export function sortedGates(gates: Iterable<GateKey>): GateKey[] {
  const unique = new Map<string, GateKey>();
  for (const gate of gates) unique.set(gateId(gate), gate);
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, gate]) => gate);
}

export function gateColumns(gates: readonly GateKey[]): [string[], string[], string[]] {
  return [gates.map((g) => g.queue), gates.map((g) => g.key), gates.map((g) => g.tenantId)];
}

export const gateRows = `unnest($1::text[], $2::text[], $3::uuid[]) AS k(queue, key, tenant_id)`;
export const ofGate = (table: string): string =>
  `${table}.queue = k.queue AND ${table}.key = k.key AND ${table}.tenant_id = k.tenant_id`;

/** Of a fair queue at most so many jobs are released and not begun: what is released keeps its order, on Kafka above all. */
export const fairWindow = 1_000;

/**
 * SQL: the gate before which a job has to stand now, or null. A job that has passed its queue's gate stands before none,
 * whatever limits were set since.
 * @param q the queue's row @param key its concurrency key @param slots the gates it has passed
 */
export const nextGate = (q: string, key: string, slots: string): string => `CASE
    WHEN NOT ${q}.gated OR ${slots} & ${queueGate} <> 0 THEN NULL
    WHEN ${slots} & ${keyGate} = 0 AND ${key} IS NOT NULL
      AND (${q}.concurrency_per_key IS NOT NULL OR (${q}.rate_limit IS NOT NULL AND ${q}.rate_per_key)) THEN ${keyGate}
    WHEN ${q}.paused_at IS NOT NULL OR ${q}.concurrency_total IS NOT NULL OR (${q}.rate_limit IS NOT NULL AND NOT ${q}.rate_per_key)
      OR ${q}.fairness = 'tenant' THEN ${queueGate}
  END::smallint`;

/** SQL: why a job stands before its gate. */
export const gateReason = (q: string, gate: string): string => `CASE
    WHEN ${gate} IS NULL THEN NULL
    WHEN ${gate} = ${queueGate} AND ${q}.paused_at IS NOT NULL THEN 'paused'
    WHEN ${gate} = ${queueGate} AND ${q}.concurrency_total IS NOT NULL THEN 'concurrency'
    WHEN ${gate} = ${keyGate} AND ${q}.concurrency_per_key IS NOT NULL THEN 'concurrency'
    WHEN ${q}.rate_limit IS NOT NULL AND ${q}.rate_per_key = (${gate} = ${keyGate}) THEN 'rate'
    ELSE 'concurrency'
  END`;
