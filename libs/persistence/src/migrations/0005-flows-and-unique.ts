import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What dependencies, flows and unique jobs keep beside what the job's row has for them. */
export class FlowsAndUnique0005 implements MigrationInterface {
  readonly name = 'FlowsAndUnique1700000000005';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['job', 'job_history']) await runner.query(`ALTER TABLE baton.${table} ${jobColumn}`);
    for (const part of [dependencies, flows, uniqueKeys]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE baton.flow, baton.unique_key');
    await runner.query('DROP INDEX baton.dependency_open, baton.job_waits_for_parents');
    await runner.query('ALTER TABLE baton.dependency DROP COLUMN name');
    await runner.query('ALTER TABLE baton.follow_up DROP COLUMN times');
    for (const table of ['job', 'job_history'])
      await runner.query(`ALTER TABLE baton.${table} DROP COLUMN parents`);
  }
}

const jobColumn =
  'ADD COLUMN parents integer NOT NULL DEFAULT 0 -- that it was accepted with, finished or not';

const dependencies = `
ALTER TABLE baton.dependency ADD COLUMN name text;         -- the parent's, in their flow
-- What is still to be told of a parent's end, slice by slice.
CREATE INDEX dependency_open ON baton.dependency (parent_id, child_id) WHERE NOT done;
-- Raised each time it is noted: whoever has worked it off deletes the note that it has read, and no newer one.
ALTER TABLE baton.follow_up ADD COLUMN times integer NOT NULL DEFAULT 1;
CREATE INDEX job_waits_for_parents ON baton.job (id) WHERE state = 'held' AND reason = 'parents';
`;

/** names[i] is job_ids[i]. */
const flows = `
CREATE TABLE baton.flow (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  names text[] NOT NULL,
  job_ids uuid[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT baton.now()
);
-- A repeated request finds its flow by what it made.
CREATE INDEX flow_jobs ON baton.flow (tenant_id, (job_ids[1]));
`;

// Which job has a key is a hint: the state of that very job says whether it is still taken.
const uniqueKeys = `
CREATE TABLE baton.unique_key (
  tenant_id uuid NOT NULL,
  queue text NOT NULL,
  hash bytea NOT NULL,
  job_id uuid NOT NULL,
  accepted_at timestamptz NOT NULL DEFAULT baton.now(),
  until timestamptz,               -- the end of its window; null: none
  outlives boolean NOT NULL DEFAULT false, -- it is kept when its job ends
  PRIMARY KEY (tenant_id, queue, hash)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX unique_key_age ON baton.unique_key (accepted_at);
`;
