import type { Pool } from 'pg';

/** The least that a job queue of this shape needs: live jobs, ended ones with their results, an outbox. */
const schema = `
DROP SCHEMA IF EXISTS plain CASCADE;
CREATE SCHEMA plain;
CREATE TABLE plain.job (
  id uuid PRIMARY KEY, queue text NOT NULL, state smallint NOT NULL DEFAULT 0,
  payload text NOT NULL, traceparent text, created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX job_next ON plain.job (queue, id) WHERE state = 0;
CREATE TABLE plain.done (
  id uuid NOT NULL, queue text NOT NULL, payload text NOT NULL, result text NOT NULL, finished_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX done_id ON plain.done (id);
CREATE TABLE plain.outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, job_id uuid NOT NULL);
`;

export interface PlainJob {
  id: string;
  payload: string;
  traceparent: string;
}

export interface PlainOutboxRow extends PlainJob {
  outboxId: string;
}

export async function makePlainTables(pool: Pool): Promise<void> {
  await pool.query(schema);
}

const given = `SELECT id, 'noop', payload, traceparent FROM unnest($1::uuid[], $2::text[], $3::text[]) AS given (id, payload, traceparent)`;
const insertJobs = `INSERT INTO plain.job (id, queue, payload, traceparent) ${given}`;
const insertJobsWithOutbox = `WITH j AS (${insertJobs} RETURNING id) INSERT INTO plain.outbox (job_id) SELECT id FROM j`;

export async function acceptPlain(
  pool: Pool,
  jobs: readonly PlainJob[],
  { outbox }: { outbox: boolean },
): Promise<void> {
  const values = [
    jobs.map(({ id }) => id),
    jobs.map(({ payload }) => payload),
    jobs.map(({ traceparent }) => traceparent),
  ];
  await pool.query({
    name: outbox ? 'accept-outbox' : 'accept',
    text: outbox ? insertJobsWithOutbox : insertJobs,
    values,
  });
}

/** @returns the ids claimed */
export async function claimPlain(pool: Pool, count: number): Promise<string[]> {
  const text = `
    UPDATE plain.job j SET state = 1
    FROM (SELECT id FROM plain.job WHERE queue = 'noop' AND state = 0 ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) picked
    WHERE j.id = picked.id RETURNING j.id, j.payload, j.traceparent`;
  const { rows } = await pool.query<PlainJob>({ name: 'claim', text, values: [count] });
  return rows.map(({ id }) => id);
}

/** Moves jobs to the ended ones, with their results. */
export async function settlePlain(
  pool: Pool,
  ids: readonly string[],
  results: readonly string[],
): Promise<void> {
  const text = `
    WITH gone AS (
      DELETE FROM plain.job j USING unnest($1::uuid[], $2::text[]) AS said (job_id, result) WHERE j.id = said.job_id
      RETURNING j.id, j.queue, j.payload, said.result
    ) INSERT INTO plain.done (id, queue, payload, result) SELECT * FROM gone`;
  await pool.query({ name: 'settle', text, values: [ids, results] });
}

export async function fetchPlainOutbox(pool: Pool, count: number): Promise<PlainOutboxRow[]> {
  const text = `
    SELECT o.id AS "outboxId", j.id, j.payload, j.traceparent FROM plain.outbox o JOIN plain.job j ON j.id = o.job_id
    ORDER BY o.id LIMIT $1`;
  const { rows } = await pool.query<PlainOutboxRow>({ name: 'fetch-outbox', text, values: [count] });
  return rows;
}

export async function deletePlainOutbox(pool: Pool, ids: readonly string[]): Promise<void> {
  await pool.query({
    name: 'delete-outbox',
    text: 'DELETE FROM plain.outbox WHERE id = ANY ($1::bigint[])',
    values: [ids],
  });
}

/** Reads and deletes a batch of outbox rows alone. @returns how many */
export async function takePlainOutbox(pool: Pool, count: number): Promise<number> {
  const text = 'SELECT id, job_id FROM plain.outbox ORDER BY id LIMIT $1';
  const { rows } = await pool.query<{ id: string }>({ name: 'read-outbox', text, values: [count] });
  await deletePlainOutbox(
    pool,
    rows.map(({ id }) => id),
  );
  return rows.length;
}

/** One row, one transaction. */
export async function commitOne(pool: Pool): Promise<void> {
  await pool.query({
    name: 'commit-one',
    text: 'INSERT INTO plain.outbox (job_id) VALUES (gen_random_uuid())',
  });
}

/** Empties all three and brings PostgreSQL to rest. */
export async function emptyPlainTables(pool: Pool): Promise<void> {
  await pool.query('TRUNCATE plain.job, plain.done, plain.outbox');
  await pool.query('CHECKPOINT');
}
