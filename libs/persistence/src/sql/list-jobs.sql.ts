import type { JobState } from '@baton/contracts';
import { historyColumns, liveColumns, type JobRow } from './job-columns.js';
import { run, type Queryable } from './statement.js';

export interface JobFilter {
  tenantId: string;
  queue?: string | undefined;
  state?: JobState | undefined;
  orderingKey?: string | undefined;
  /** Milliseconds since the epoch; the bound itself is left out. */
  createdAfterMs?: number | undefined;
  /** Only jobs whose ids are lower: the last one of the page before. */
  beforeId?: string | undefined;
  limit: number;
}

// Ids are UUIDv7, so their order is that of their making, and what was made after a moment has an id above it:
// that bound ends the scan. Producers' clocks skew, so the bound lies a day lower and created_at decides.
const matching = `
  WHERE tenant_id = $1
    AND ($2::text IS NULL OR queue = $2)
    AND ($3::baton.job_state IS NULL OR state = $3)
    AND ($4::text IS NULL OR ordering_key = $4)
    AND ($5::float8 IS NULL OR created_at > to_timestamp($5 / 1000))
    AND id > coalesce($6::uuid, '00000000-0000-0000-0000-000000000000')
    AND id < coalesce($7::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  ORDER BY id DESC LIMIT $8`;

const text = `
SELECT * FROM (
  (SELECT ${liveColumns} FROM baton.job ${matching})
  UNION ALL
  (SELECT ${historyColumns} FROM baton.job_history ${matching})
) j ORDER BY id DESC LIMIT $8`;

const skewMs = 86_400_000;

/** A tenant's jobs, live and terminal, the newest first. */
export async function listJobs(db: Queryable, filter: JobFilter): Promise<JobRow[]> {
  const { createdAfterMs } = filter;
  return run<JobRow>(db, 'list-jobs', text, [
    filter.tenantId,
    filter.queue ?? null,
    filter.state ?? null,
    filter.orderingKey ?? null,
    createdAfterMs ?? null,
    createdAfterMs === undefined ? null : lowestIdAt(createdAfterMs - skewMs),
    filter.beforeId ?? null,
    filter.limit,
  ]);
}

/** The lowest UUIDv7 of a millisecond. */
function lowestIdAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0').slice(-12);
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}
