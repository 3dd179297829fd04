import { BatonError } from '@baton/contracts';
import { run, type Queryable } from './statement.js';

/** How long an upload that no job names is kept. */
export const unnamedHours = 24;

const insert = `
INSERT INTO baton.upload (id, tenant_id) SELECT $1, $2
WHERE (SELECT count(*) FROM (
  SELECT FROM baton.upload WHERE named_at > (SELECT baton.now()) - interval '${unnamedHours} hours' AND tenant_id = $2 AND seal IS NULL
  LIMIT $3
) o) < $3
RETURNING 1 AS one`;

/**
 * A place for an upload.
 * @param upload.most how many of the tenant may be there that no job has named yet
 * @returns false when there are so many
 */
export async function insertUpload(
  db: Queryable,
  { id, tenantId, most }: { id: string; tenantId: string; most: number },
): Promise<boolean> {
  return (await run(db, 'insert-upload', insert, [id, tenantId, most])).length > 0;
}

const fill = `UPDATE baton.upload SET body = $2 WHERE id = $1 AND body IS NULL AND seal IS NULL RETURNING 1 AS one`;
const find = `SELECT body IS NOT NULL OR seal IS NOT NULL AS put FROM baton.upload WHERE id = $1`;

/**
 * Keeps the bytes of an upload in PostgreSQL, once.
 * @throws BatonError `not_found`; `state_conflict` where they are there already
 */
export async function fillUpload(db: Queryable, id: string, body: Buffer): Promise<void> {
  if ((await run(db, 'fill-upload', fill, [id, body])).length > 0) return;
  if ((await run(db, 'find-upload', find, [id])).length === 0)
    throw new BatonError('not_found', `there is no upload ${id}`);
  throw new BatonError('state_conflict', `upload ${id} has been put; make another place by POST /v1/uploads`);
}

/** An upload as its sealing needs it. */
export interface UploadRow {
  id: string;
  /** The copy that jobs read; null: it is not sealed yet. */
  seal: string | null;
  size: number | null;
  sha256: string | null;
  inPostgres: boolean;
}

const columns = `id, seal, size, sha256, body IS NOT NULL AS "inPostgres"`;
const name = `
UPDATE baton.upload SET named_at = baton.now() WHERE tenant_id = $1 AND id = ANY ($2::uuid[]) RETURNING ${columns}`;

/** The tenant's uploads that jobs are about to name: they stay for a day from now on, whatever becomes of these jobs. */
export async function nameUploads(
  db: Queryable,
  tenantId: string,
  ids: readonly string[],
): Promise<Map<string, UploadRow>> {
  type Row = UploadRow & { [column: string]: unknown };
  const rows = await run<Row>(db, 'name-uploads', name, [tenantId, [...ids].sort()]);
  return new Map(rows.map((row) => [row.id, row]));
}

const seal = `
UPDATE baton.upload SET seal = $2, size = coalesce($3, octet_length(body)), sha256 = coalesce($4, encode(sha256(body), 'hex'))
WHERE id = $1 AND seal IS NULL RETURNING ${columns}`;
const sealed = `SELECT ${columns} FROM baton.upload WHERE id = $1`;

/**
 * From here on jobs read this copy; the first who seals it decides. Of an upload in PostgreSQL size and hash are its own.
 * @returns as it is sealed now, by whomever; undefined: it is gone
 */
export async function sealUpload(
  db: Queryable,
  { id, seal: wanted, size, sha256 }: { id: string; seal: string; size?: number; sha256?: string },
): Promise<UploadRow | undefined> {
  type Row = UploadRow & { [column: string]: unknown };
  const values = [id, wanted, size ?? null, sha256 ?? null];
  const [row] = await run<Row>(db, 'seal-upload', seal, values);
  return row ?? (await run<Row>(db, 'read-upload', sealed, [id]))[0];
}

const body = `SELECT body FROM baton.upload WHERE tenant_id = $1 AND id = $2`;

/** @returns undefined when there is no such upload in PostgreSQL */
export async function readUploadBody(
  db: Queryable,
  tenantId: string,
  id: string,
): Promise<Buffer | undefined> {
  const [row] = await run<{ body: Buffer | null }>(db, 'read-upload-body', body, [tenantId, id]);
  return row?.body ?? undefined;
}

const use = `
INSERT INTO baton.upload_use (upload_id, job_id) SELECT * FROM unnest($1::uuid[], $2::uuid[]) ON CONFLICT DO NOTHING`;

/** A job that names an upload: the upload lives as long as it. */
export interface UploadUse {
  uploadId: string;
  jobId: string;
}

/** To be called in the transaction that writes the jobs. */
export async function useUploads(db: Queryable, uses: readonly UploadUse[]): Promise<void> {
  if (uses.length === 0) return;
  await run(db, 'use-uploads', use, [uses.map((u) => u.uploadId), uses.map((u) => u.jobId)]);
}

// What is still named is looked at again a day later. An upload that is being named this moment is locked, and passed over.
const sweep = `
WITH due AS (
  SELECT id FROM baton.upload WHERE named_at < (SELECT baton.now()) - interval '${unnamedHours} hours'
  ORDER BY named_at LIMIT $1 FOR UPDATE SKIP LOCKED
), used AS MATERIALIZED (
  SELECT u.upload_id, u.job_id, EXISTS (SELECT FROM baton.job j WHERE j.id = u.job_id)
    OR EXISTS (SELECT FROM baton.job_history h WHERE h.id = u.job_id) AS lives
  FROM baton.upload_use u WHERE u.upload_id IN (SELECT id FROM due)
), ended AS (
  DELETE FROM baton.upload_use x USING used WHERE NOT used.lives AND x.upload_id = used.upload_id AND x.job_id = used.job_id
), kept AS (
  UPDATE baton.upload SET named_at = baton.now() WHERE id IN (SELECT upload_id FROM used WHERE lives) RETURNING id
), gone AS (
  DELETE FROM baton.upload WHERE id IN (SELECT id FROM due) AND id NOT IN (SELECT upload_id FROM used WHERE lives) RETURNING id
)
SELECT (SELECT count(*) FROM kept)::int + (SELECT count(*) FROM gone)::int AS seen`;

/** Forgets uploads that no job names any more, a day after the last one that did was accepted. @returns how many were looked at */
export async function sweepUploads(db: Queryable, limit: number): Promise<number> {
  const [row] = await run<{ seen: number }>(db, 'sweep-uploads', sweep, [limit]);
  return row?.seen ?? 0;
}
