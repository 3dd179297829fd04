import { run, type Queryable } from './statement.js';

const pass = `
UPDATE baton.storage_pass SET due_at = baton.now() + $2 * interval '1 ms'
WHERE name = $1 AND due_at <= (SELECT baton.now()) RETURNING 1 AS one`;

/** Whether this process is the one that does the work now; the next time is so much later. */
export async function takePass(db: Queryable, name: 'objects', everyMs: number): Promise<boolean> {
  return (await run(db, 'take-storage-pass', pass, [name, everyMs])).length > 0;
}

// An attempt that is over gets no other owner: what it has left is garbage for good. What is being moved to S3 lies in its row still.
const results = `
SELECT k.key FROM unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[]) AS k(key, job_id, attempt, execution_id)
WHERE NOT EXISTS (SELECT FROM baton.job j WHERE j.id = k.job_id AND j.attempt <= k.attempt
    AND (j.attempt < k.attempt OR j.execution_id IS NULL OR j.execution_id = k.execution_id))
  AND NOT EXISTS (SELECT FROM baton.job_history h WHERE h.id = k.job_id AND h.execution_id = k.execution_id
    AND (h.file_key = k.key OR h.file IS NOT NULL))`;

/** An object of a result, by its name. */
export interface NamedResult {
  key: string;
  jobId: string;
  attempt: number;
  executionId: string;
}

/** Those that belong to no result: of executions that lost, and of results that are gone. */
export async function findStrayResults(db: Queryable, named: readonly NamedResult[]): Promise<string[]> {
  if (named.length === 0) return [];
  const rows = await run<{ key: string }>(db, 'find-stray-results', results, [
    named.map((n) => n.key),
    named.map((n) => n.jobId),
    named.map((n) => n.attempt),
    named.map((n) => n.executionId),
  ]);
  return rows.map(({ key }) => key);
}

const uploads = `
SELECT k.key FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[]) AS k(key, tenant_id, id, seal)
WHERE NOT EXISTS (SELECT FROM baton.upload u WHERE u.id = k.id AND u.tenant_id = k.tenant_id
  AND u.seal IS NOT DISTINCT FROM nullif(k.seal, '')::uuid)`;

/** An object of an upload, by its name: what a client has put (no seal), or a sealed copy. */
export interface NamedUpload {
  key: string;
  tenantId: string;
  id: string;
  seal: string | undefined;
}

/** Those that no upload needs: what was put is of no use once it is sealed. */
export async function findStrayUploads(db: Queryable, named: readonly NamedUpload[]): Promise<string[]> {
  if (named.length === 0) return [];
  const rows = await run<{ key: string }>(db, 'find-stray-uploads', uploads, [
    named.map((n) => n.key),
    named.map((n) => n.tenantId),
    named.map((n) => n.id),
    named.map((n) => n.seal ?? ''),
  ]);
  return rows.map(({ key }) => key);
}

const note = `INSERT INTO baton.object_garbage (key) SELECT * FROM unnest($1::text[]) ON CONFLICT (key) DO NOTHING`;

export async function noteGarbage(db: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await run(db, 'note-garbage', note, [keys]);
}

const due = `
SELECT key FROM baton.object_garbage WHERE noticed_at < (SELECT baton.now()) - $1 * interval '1 ms' ORDER BY noticed_at LIMIT $2`;

/** What was noticed so long ago. */
export async function readGarbage(
  db: Queryable,
  { olderMs, limit }: { olderMs: number; limit: number },
): Promise<string[]> {
  return (await run<{ key: string }>(db, 'read-garbage', due, [olderMs, limit])).map(({ key }) => key);
}

const forget = `DELETE FROM baton.object_garbage WHERE key = ANY ($1::text[])`;

export async function forgetGarbage(db: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length > 0) await run(db, 'forget-garbage', forget, [keys]);
}
