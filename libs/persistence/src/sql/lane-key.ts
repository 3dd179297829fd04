/** A lane: jobs of one tenant, queue and ordering key run one at a time, in order. */
export interface LaneKey {
  tenantId: string;
  queue: string;
  orderingKey: string;
}

/** One string a lane, for maps and sets. */
export function laneId({ tenantId, queue, orderingKey }: LaneKey): string {
  return `${tenantId}/${queue}/${orderingKey}`;
}

/** Each lane once, in the one order in which lanes are locked. */
export function sortedLanes(keys: Iterable<LaneKey>): LaneKey[] {
  const unique = new Map<string, LaneKey>();
  for (const key of keys) unique.set(laneId(key), key);
  return [...unique.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, key]) => key);
}

/** The three arrays that `unnest` turns into rows. */
export function laneColumns(keys: readonly LaneKey[]): [string[], string[], string[]] {
  return [keys.map((k) => k.tenantId), keys.map((k) => k.queue), keys.map((k) => k.orderingKey)];
}

export const laneRows = `unnest($1::uuid[], $2::text[], $3::text[]) AS k(tenant_id, queue, ordering_key)`;
export const ofLane = (table: string): string =>
  `${table}.tenant_id = k.tenant_id AND ${table}.queue = k.queue AND ${table}.ordering_key = k.ordering_key`;
