import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Files in S3 and when they go, uploads and the jobs that name them, and what is to be collected. */
export class Objects0011 implements MigrationInterface {
  readonly name = 'Objects1700000000011';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [files, uploads, collection]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE baton.upload, baton.upload_use, baton.object_garbage, baton.storage_pass');
    await runner.query(
      'ALTER TABLE baton.job_history DROP COLUMN file_size, DROP COLUMN file_key, DROP COLUMN result_until, DROP COLUMN tier_at, DROP COLUMN told_after',
    );
  }
}

const files = `
ALTER TABLE baton.job_history
  ADD COLUMN file_size bigint,             -- bytes
  ADD COLUMN file_key text,                -- in S3, where the file does not lie in this row
  ADD COLUMN result_until timestamptz,     -- after which the file is gone; null: it stays as long as the row
  ADD COLUMN tier_at timestamptz,          -- when it is next to be moved, announced or dropped
  ADD COLUMN told_after smallint NOT NULL DEFAULT 0; -- events of its log that came after its end
CREATE INDEX job_history_tier ON baton.job_history (tier_at) WHERE tier_at IS NOT NULL;
`;

const uploads = `
CREATE TABLE baton.upload (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  named_at timestamptz NOT NULL DEFAULT baton.now(), -- made, or last named by a job that was about to be accepted
  seal uuid,                       -- the copy that jobs read; null: it is not sealed yet
  size bigint, sha256 text,        -- of what is sealed
  body bytea                       -- the bytes, where there is no S3
);
CREATE INDEX upload_age ON baton.upload (named_at);
CREATE TABLE baton.upload_use (
  upload_id uuid NOT NULL, job_id uuid NOT NULL,
  PRIMARY KEY (upload_id, job_id)
);
`;

const collection = `
-- Objects that nothing names any more. They go a while later, when whoever was still reading them has ended.
CREATE TABLE baton.object_garbage (
  key text PRIMARY KEY,
  noticed_at timestamptz NOT NULL DEFAULT baton.now()
);
CREATE INDEX object_garbage_age ON baton.object_garbage (noticed_at);
-- Work over the whole store that one process does for all, each time when it is due.
CREATE TABLE baton.storage_pass (
  name text PRIMARY KEY,
  due_at timestamptz NOT NULL DEFAULT baton.now()
);
INSERT INTO baton.storage_pass (name) VALUES ('objects'), ('uploads');
`;
