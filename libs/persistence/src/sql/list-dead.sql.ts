import { historyColumns, type JobRow } from './job-columns.js';
import { run, type Queryable } from './statement.js';

export interface DeadFilter {
  tenantId: string;
  queue: string;
  /** Of its error. */
  code?: string | undefined;
  /** Milliseconds since the epoch: died after, and before; the bounds themselves are left out. */
  afterMs?: number | undefined;
  beforeMs?: number | undefined;
  /** Only jobs whose ids are lower: the last one of the page before. */
  beforeId?: string | undefined;
  limit: number;
}

/** SQL: the condition that a job's error has a code. The error is text that need not be storable as jsonb. */
export const hasCode = (code: string): string => `starts_with(error, '{"code":"' || ${code} || '"')`;

const text = `
SELECT ${historyColumns} FROM baton.job_history
WHERE state = 'dead' AND queue = $1 AND tenant_id = $2
  AND ($3::text IS NULL OR ${hasCode('$3')})
  AND ($4::float8 IS NULL OR finished_at > to_timestamp($4 / 1000))
  AND ($5::float8 IS NULL OR finished_at < to_timestamp($5 / 1000))
  AND id < coalesce($6::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY id DESC LIMIT $7`;

/** A queue's dead jobs of a tenant, the last accepted first. */
export function listDead(db: Queryable, filter: DeadFilter): Promise<JobRow[]> {
  const { queue, tenantId, code, afterMs, beforeMs, beforeId, limit } = filter;
  return run<JobRow & { [column: string]: unknown }>(db, 'list-dead', text, [
    queue,
    tenantId,
    code ?? null,
    afterMs ?? null,
    beforeMs ?? null,
    beforeId ?? null,
    limit,
  ]);
}
