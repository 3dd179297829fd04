import type { MigrationInterface, QueryRunner } from 'typeorm';
import { shardCount, timersShard, transitions } from '@baton/contracts';

/**
 * The whole schema of the first release. Hot tables (job, job_history, outbox) carry no foreign keys: each
 * would cost a look-up and a share lock a row, and tenants and queues are never deleted while jobs name them.
 */
export class Initial0001 implements MigrationInterface {
  readonly name = 'Initial1700000000001';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [clock, tenants, queues, jobs, history, lanes, outbox, workers, relays]) {
      await runner.query(part);
    }
    await runner.query(`INSERT INTO baton.relay_shard (shard) SELECT generate_series(0, ${timersShard})`);
    for (const { from, to, by } of transitions) {
      await runner.query(
        `INSERT INTO baton.job_transition (from_state, to_state, moved_by) VALUES ('${from}', '${to}', '${by}')`,
      );
    }
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA baton CASCADE');
  }
}

/** Time that decides anything is the database's; tests shift it by `UPDATE baton.clock SET shift = …`. */
const clock = `
CREATE SCHEMA IF NOT EXISTS baton;
CREATE TABLE baton.clock (only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row), shift interval NOT NULL DEFAULT '0');
INSERT INTO baton.clock DEFAULT VALUES;
CREATE FUNCTION baton.now() RETURNS timestamptz LANGUAGE sql VOLATILE PARALLEL SAFE
  AS 'SELECT clock_timestamp() + (SELECT shift FROM baton.clock)';
`;

const tenants = `
CREATE TABLE baton.tenant (
  id uuid PRIMARY KEY,
  name text NOT NULL UNIQUE,
  created_at timestamptz NOT NULL DEFAULT baton.now()
);
CREATE TABLE baton.api_key (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL REFERENCES baton.tenant (id),
  name text NOT NULL,
  prefix text NOT NULL,            -- the first characters, to tell keys apart in a list
  hash bytea NOT NULL UNIQUE,      -- SHA-256 of the key; the key itself is shown once and never kept
  scopes text[] NOT NULL,
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  disabled_at timestamptz
);
CREATE INDEX api_key_tenant ON baton.api_key (tenant_id);
CREATE TABLE baton.idempotency (
  tenant_id uuid NOT NULL,
  route text NOT NULL,
  key text NOT NULL,
  body_hash bytea NOT NULL,        -- SHA-256 of the raw body
  job_ids uuid[] NOT NULL,         -- what the first request made; its answer is told again from these
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  PRIMARY KEY (tenant_id, route, key)
);
CREATE INDEX idempotency_age ON baton.idempotency (created_at);
`;

const queues = `
CREATE TYPE baton.dispatch_mode AS ENUM ('polling', 'event');
CREATE TABLE baton.queue (
  name text PRIMARY KEY,
  dispatch_mode baton.dispatch_mode NOT NULL DEFAULT 'polling',
  max_attempts integer NOT NULL DEFAULT 5,
  backoff jsonb NOT NULL DEFAULT '{"type": "exponential", "delay": 1000, "factor": 2, "max": 3600000, "jitter": 0.2}',
  timeout_ms bigint NOT NULL DEFAULT 300000,
  publish_window integer NOT NULL DEFAULT 10000,  -- records that may lie unread on the queue's topic
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  updated_at timestamptz NOT NULL DEFAULT baton.now()
);
`;

const jobs = `
CREATE TYPE baton.job_state AS ENUM ('scheduled', 'held', 'queued', 'running', 'succeeded', 'cancelled', 'dead');
CREATE TABLE baton.job_transition (
  from_state text NOT NULL, to_state baton.job_state NOT NULL, moved_by text NOT NULL,
  PRIMARY KEY (from_state, to_state, moved_by)
);
-- Live jobs only: settle moves a terminal one to job_history, so the hot statements do not slow as history grows.
CREATE TABLE baton.job (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  queue text NOT NULL,
  state baton.job_state NOT NULL,
  reason text,                     -- of a held job
  mode baton.dispatch_mode,        -- in which the current attempt was released
  priority smallint NOT NULL,
  ordering_key text,
  lane_place bigint,               -- its turn in its lane; null until it has taken a place
  payload text NOT NULL,           -- JSON
  metadata jsonb,
  attempt integer NOT NULL DEFAULT 0,      -- the fence: raised at each release
  failures integer NOT NULL DEFAULT 0,     -- what max_attempts bounds
  max_attempts integer NOT NULL,
  backoff jsonb,                   -- null: the queue's
  timeout_ms bigint NOT NULL,
  generation integer NOT NULL DEFAULT 0,   -- counts replays
  seq integer NOT NULL,            -- the last number given in the job's event log
  queued_seq integer,              -- the numbers of the current attempt's job.queued and attempt.started
  started_seq integer,
  created_at timestamptz NOT NULL,
  run_at timestamptz,              -- due time of a delayed job, or of a retry
  queued_at timestamptz,
  started_at timestamptz,
  worker_id uuid,                  -- owner of the current attempt, and its entry of the handler
  execution_id uuid,
  outbox_id bigint,
  traceparent text, tracestate text, baggage text
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX job_claim ON baton.job (queue, priority, id) WHERE state = 'queued' AND mode = 'polling';
CREATE INDEX job_due ON baton.job (run_at) WHERE state = 'scheduled';
CREATE INDEX job_owner ON baton.job (worker_id) WHERE state = 'running';
CREATE INDEX job_lane ON baton.job (tenant_id, queue, ordering_key, lane_place) WHERE state = 'held' AND reason = 'lane';
CREATE INDEX job_lane_due ON baton.job (tenant_id, queue, ordering_key, run_at, id)
  WHERE state = 'scheduled' AND ordering_key IS NOT NULL AND lane_place IS NULL;
`;

/** Everything here grows with time and goes by whole partitions; a default one catches clocks that skew. */
const history = `
CREATE TABLE baton.job_history (
  LIKE baton.job INCLUDING DEFAULTS,
  finished_at timestamptz NOT NULL,
  result_kind text,                -- 'json', 'file', or null
  result text,                     -- JSON; text, since jsonb refuses \\u0000
  file bytea, file_type text, file_name text, file_sha256 text,
  error text                       -- JSON {code, message, stack?} of a dead or cancelled job
) PARTITION BY RANGE (finished_at);
CREATE INDEX job_history_id ON baton.job_history (id);
CREATE TABLE baton.job_history_default PARTITION OF baton.job_history DEFAULT;

-- Attempts that ended without ending their job; the last one is told from the job's own row.
CREATE TABLE baton.job_attempt (
  job_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  generation integer NOT NULL,
  attempt integer NOT NULL,
  execution_id uuid, worker_id uuid,
  queued_at timestamptz, started_at timestamptz, finished_at timestamptz NOT NULL,
  outcome text NOT NULL,           -- failed, snoozed, released, lost
  error text,                      -- JSON {code, message, stack?}
  retry_at timestamptz,
  queued_seq integer, started_seq integer, ended_seq integer NOT NULL
) PARTITION BY RANGE (finished_at);
CREATE INDEX job_attempt_job ON baton.job_attempt (job_id, generation, attempt);
CREATE TABLE baton.job_attempt_default PARTITION OF baton.job_attempt DEFAULT;

-- Events that neither the job's row nor its attempts tell; numbered in one series with those.
CREATE TABLE baton.job_event (
  job_id uuid NOT NULL, tenant_id uuid NOT NULL,
  generation integer NOT NULL, seq integer NOT NULL,
  type text NOT NULL, at timestamptz NOT NULL DEFAULT baton.now(), data text
) PARTITION BY RANGE (at);
CREATE INDEX job_event_job ON baton.job_event (job_id, generation, seq);
CREATE TABLE baton.job_event_default PARTITION OF baton.job_event DEFAULT;
`;

const lanes = `
CREATE TABLE baton.lane (
  tenant_id uuid NOT NULL, queue text NOT NULL, ordering_key text NOT NULL,
  holder uuid,                     -- the job whose turn it is, until it is terminal
  next_place bigint NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, queue, ordering_key)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
`;

/** A row exists until the broker has acknowledged its record; then it is deleted. */
const outbox = `
CREATE SEQUENCE baton.outbox_id;
CREATE TABLE baton.outbox (
  shard smallint NOT NULL,
  queue text NOT NULL,
  priority smallint NOT NULL,
  id bigint NOT NULL DEFAULT nextval('baton.outbox_id'),
  job_id uuid NOT NULL,
  attempt integer NOT NULL,
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  PRIMARY KEY (shard, queue, priority, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
CREATE FUNCTION baton.shard_of(tenant uuid, queue text, ordering_key text, job uuid) RETURNS smallint
  LANGUAGE sql IMMUTABLE PARALLEL SAFE
  AS 'SELECT (hashtextextended(coalesce(tenant::text || ''/'' || queue || ''/'' || ordering_key, job::text), 0) & ${shardCount - 1})::smallint';

-- Where each published row went: ids[i] lies at offsets[i] of partitions[i].
CREATE TABLE baton.publish_log (
  topic text NOT NULL,
  first_id bigint NOT NULL, last_id bigint NOT NULL,
  ids bigint[] NOT NULL, partitions smallint[] NOT NULL, offsets bigint[] NOT NULL,
  terms text[] NOT NULL,           -- '<shard>:<epoch>' of each row's leader
  replica_id uuid NOT NULL,
  published_at timestamptz NOT NULL DEFAULT baton.now()
) PARTITION BY RANGE (published_at);
CREATE INDEX publish_log_place ON baton.publish_log (topic, last_id);
CREATE TABLE baton.publish_log_default PARTITION OF baton.publish_log DEFAULT;
`;

const workers = `
CREATE TABLE baton.worker (
  id uuid PRIMARY KEY,             -- one incarnation of a worker process
  number integer GENERATED ALWAYS AS IDENTITY UNIQUE, -- names its session lock
  source baton.dispatch_mode NOT NULL,
  host text NOT NULL, pid integer NOT NULL,
  queues text[] NOT NULL,
  state text NOT NULL DEFAULT 'alive' CHECK (state IN ('alive', 'lost', 'left')),
  registered_at timestamptz NOT NULL DEFAULT baton.now(),
  lease_until timestamptz,         -- polling
  heard_at timestamptz,            -- event: the broker's time of its last record
  partition integer                -- event: of baton.outcomes, where it speaks
) WITH (fillfactor = 50);
CREATE INDEX worker_alive ON baton.worker (id) WHERE state = 'alive';
-- The inbox's own clock: the broker's time of the last record applied, a partition.
CREATE TABLE baton.inbox_progress (
  partition integer PRIMARY KEY, reached_at timestamptz NOT NULL, reached_offset bigint NOT NULL
) WITH (fillfactor = 50);
`;

const relays = `
CREATE TABLE baton.relay_replica (
  id uuid PRIMARY KEY, host text NOT NULL, pid integer NOT NULL,
  backend_pid integer NOT NULL, backend_start timestamptz NOT NULL, -- of the session that holds its locks
  started_at timestamptz NOT NULL DEFAULT baton.now(), renewed_at timestamptz NOT NULL DEFAULT baton.now()
) WITH (fillfactor = 50);
CREATE TABLE baton.relay_shard (
  shard smallint PRIMARY KEY, epoch bigint NOT NULL DEFAULT 0, replica_id uuid, taken_at timestamptz
) WITH (fillfactor = 50);
`;
