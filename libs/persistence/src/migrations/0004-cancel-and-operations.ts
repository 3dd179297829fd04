import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What tells event workers of cancels, and bulk operations with their progress. */
export class CancelAndOperations0004 implements MigrationInterface {
  readonly name = 'CancelAndOperations1700000000004';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [cancelNotices, operations]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE baton.cancel_notice, baton.operation');
  }
}

/** A row for each record on the control topic that names a cancelled job, until its tombstone is written. */
const cancelNotices = `
CREATE TABLE baton.cancel_notice (
  job_id uuid PRIMARY KEY,
  queue text NOT NULL,
  priority smallint NOT NULL,
  attempt integer NOT NULL,
  outbox_id bigint,                -- of the attempt's release: where its record lies, the publish log tells
  told_at timestamptz,             -- null: it is about to be written
  created_at timestamptz NOT NULL DEFAULT baton.now()
);
`;

const operations = `
CREATE TABLE baton.operation (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('cancel', 'replay', 'purge')),
  filter jsonb NOT NULL,
  reason text,                     -- of a cancel
  state text NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'finished', 'cancelled', 'failed')),
  done bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,    -- jobs that were not in a state that allows it
  total bigint,                    -- where it is known before: of a list of ids
  rate_per_second integer,         -- null: as fast as it goes
  position uuid,                   -- jobs up to this id are worked off
  again uuid[] NOT NULL DEFAULT '{}',  -- jobs of earlier slices whose lanes were busy
  next_at timestamptz NOT NULL DEFAULT baton.now(),
  error text,                      -- why it failed
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  updated_at timestamptz NOT NULL DEFAULT baton.now(),
  finished_at timestamptz
);
CREATE INDEX operation_tenant ON baton.operation (tenant_id, id);
CREATE INDEX operation_next ON baton.operation (next_at) WHERE state = 'running';
`;
