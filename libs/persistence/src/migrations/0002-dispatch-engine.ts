import type { MigrationInterface, QueryRunner } from 'typeorm';
import { limits, timing } from '@baton/contracts';

/**
 * What the whole dispatch engine keeps of a job and of a queue: limits, parents, deadlines, cancel, crash loops,
 * progress. `job_history` gets every column that `job` has.
 */
export class DispatchEngine0002 implements MigrationInterface {
  readonly name = 'DispatchEngine1700000000002';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`ALTER TABLE baton.job ${jobColumns}`);
    await runner.query(`ALTER TABLE baton.job_history ${jobColumns}`);
    for (const part of [queue, gates, dependencies, jobIndexes]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE baton.gate, baton.dependency, baton.follow_up');
    for (const table of ['job', 'job_history', 'queue']) {
      const columns = addedColumns(table === 'queue' ? queue : jobColumns);
      await runner.query(
        `ALTER TABLE baton.${table} ${columns.map((column) => `DROP COLUMN ${column}`).join(', ')}`,
      );
    }
  }
}

const jobColumns = `
  ADD COLUMN concurrency_key text,                           -- null: none, and no ordering key to fall back to
  ADD COLUMN gate smallint,                                  -- held before a limit: 1 its key's, 2 its queue's
  ADD COLUMN slots smallint NOT NULL DEFAULT 0,              -- gates passed, whose slots it has: 1 key, 2 queue
  ADD COLUMN follows boolean NOT NULL DEFAULT false,         -- more follows from its end than its result
  ADD COLUMN pending_parents integer NOT NULL DEFAULT 0,
  ADD COLUMN has_dependants boolean NOT NULL DEFAULT false,
  ADD COLUMN flow_id uuid,
  ADD COLUMN unique_hash bytea,
  ADD COLUMN expect_ms bigint,                               -- from when it became due
  ADD COLUMN deadline_at timestamptz,                        -- set when it becomes due
  ADD COLUMN overdue_at timestamptz,
  ADD COLUMN cancel_requested_at timestamptz,                -- while a worker may have it
  ADD COLUMN cancel_by timestamptz,                          -- then the timers end it
  ADD COLUMN cancel_reason text,
  ADD COLUMN crashes smallint NOT NULL DEFAULT 0,            -- how often its worker died while it ran alone
  ADD COLUMN careful boolean NOT NULL DEFAULT false,         -- it runs alone next time
  ADD COLUMN alone boolean NOT NULL DEFAULT false,           -- it was entered alone in this attempt
  ADD COLUMN progress double precision,                      -- 0 to 1
  ADD COLUMN progress_data text,                             -- JSON
  ADD COLUMN checkpoint text,                                -- JSON, kept for the next attempt
  ADD COLUMN webhook text,                                   -- JSON
  ADD COLUMN delivery text                                   -- JSON`;

const queue = `
ALTER TABLE baton.queue
  ADD COLUMN concurrency_total integer,
  ADD COLUMN concurrency_per_key integer,
  ADD COLUMN rate_limit integer,                             -- so many
  ADD COLUMN rate_per_ms bigint,                             -- in so long
  ADD COLUMN rate_burst integer,
  ADD COLUMN rate_per_key boolean NOT NULL DEFAULT false,    -- each concurrency key has a bucket of its own
  ADD COLUMN expect_ms bigint,
  ADD COLUMN max_backlog integer NOT NULL DEFAULT ${limits.backlog},
  ADD COLUMN schema jsonb,                                   -- JSON Schema 2020-12 of payloads
  ADD COLUMN fairness text NOT NULL DEFAULT 'none' CHECK (fairness IN ('none', 'tenant')),
  ADD COLUMN events boolean NOT NULL DEFAULT false,          -- publish to baton.events
  ADD COLUMN max_crashes smallint NOT NULL DEFAULT 3,
  ADD COLUMN cancel_grace_ms bigint NOT NULL DEFAULT ${timing.cancelGraceMs},
  ADD COLUMN retention_succeeded_ms bigint NOT NULL DEFAULT 86400000,
  ADD COLUMN retention_cancelled_ms bigint NOT NULL DEFAULT 86400000,
  ADD COLUMN retention_dead_ms bigint NOT NULL DEFAULT 2592000000,
  ADD COLUMN results_hot_ms bigint NOT NULL DEFAULT 3600000,
  ADD COLUMN results_warm_ms bigint NOT NULL DEFAULT 86400000,
  ADD COLUMN paused_at timestamptz,
  ADD COLUMN draining_at timestamptz,                        -- it takes no new jobs
  ADD COLUMN gated boolean NOT NULL GENERATED ALWAYS AS (
    paused_at IS NOT NULL OR concurrency_total IS NOT NULL OR concurrency_per_key IS NOT NULL OR rate_limit IS NOT NULL
  ) STORED;
`;

/** A gate is a limit's counter: of a queue (no tenant, no key), or of one concurrency key of a tenant. */
const gates = `
CREATE TABLE baton.gate (
  queue text NOT NULL,
  key text NOT NULL,               -- '': the queue's own
  tenant_id uuid NOT NULL,         -- of the key; all zeros for the queue's own
  running integer NOT NULL DEFAULT 0,      -- jobs that have passed it and hold its slot
  tokens double precision,         -- of its bucket when it was last looked at; null: full
  refilled_at timestamptz,
  PRIMARY KEY (queue, key, tenant_id)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX job_gate_queue ON baton.job (queue, priority, id) WHERE state = 'held' AND gate = 2;
CREATE INDEX job_gate_tenant ON baton.job (queue, tenant_id, priority, id) WHERE state = 'held' AND gate = 2;
CREATE INDEX job_gate_key ON baton.job (queue, concurrency_key, tenant_id, priority, id) WHERE state = 'held' AND gate = 1;
-- What a rate has let go and no worker has begun.
CREATE INDEX job_ahead ON baton.job (queue, concurrency_key, tenant_id) WHERE state = 'queued' AND slots <> 0;
`;

const dependencies = `
CREATE TABLE baton.dependency (
  parent_id uuid NOT NULL,
  child_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  on_failure text NOT NULL CHECK (on_failure IN ('cancel', 'run', 'hold')),
  done boolean NOT NULL DEFAULT false,     -- the child no longer waits for it
  PRIMARY KEY (parent_id, child_id)
);
CREATE INDEX dependency_child ON baton.dependency (child_id);
-- Terminal jobs whose dependants are still to be told.
CREATE TABLE baton.follow_up (
  job_id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  state baton.job_state NOT NULL,
  created_at timestamptz NOT NULL DEFAULT baton.now()
);
`;

const jobIndexes = `
CREATE INDEX job_deadline ON baton.job (deadline_at) WHERE deadline_at IS NOT NULL AND overdue_at IS NULL;
CREATE INDEX job_cancel ON baton.job (cancel_by) WHERE cancel_by IS NOT NULL;
CREATE INDEX job_admission ON baton.job (id) WHERE state = 'held' AND reason = 'admission';
CREATE INDEX job_history_dead ON baton.job_history (queue, tenant_id, id) WHERE state = 'dead';
`;

function addedColumns(text: string): string[] {
  return [...text.matchAll(/ADD COLUMN (\w+)/g)].map((match) => match[1]!);
}
