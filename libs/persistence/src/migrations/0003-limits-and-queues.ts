import type { MigrationInterface, QueryRunner } from 'typeorm';
import { partitionedDays } from '../sql/expiry.sql.js';

/**
 * When gates are to be looked at, whose turn it is there, and which queues' limits have changed; and history by the day on
 * which its jobs may go, not by the day on which they ended.
 */
export class LimitsAndQueues0003 implements MigrationInterface {
  readonly name = 'LimitsAndQueues1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [gates, queues, history]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`${asideHistory}${historyByEnd}
DROP INDEX baton.job_slots;
ALTER TABLE baton.gate DROP COLUMN due_at, DROP COLUMN turn;
ALTER TABLE baton.queue DROP COLUMN regate;
ALTER TABLE baton.queue ALTER COLUMN gated SET EXPRESSION AS (${gatedByLimits});`);
  }
}

const gates = `
ALTER TABLE baton.gate
  ADD COLUMN due_at timestamptz,   -- jobs stand here that no slot holds back: the timers look then
  ADD COLUMN turn uuid;            -- of a fair queue: the tenant that was served last
CREATE INDEX gate_due ON baton.gate (due_at) WHERE due_at IS NOT NULL;
-- Who holds a gate's slots.
CREATE INDEX job_slots ON baton.job (queue, concurrency_key, tenant_id) WHERE slots <> 0;
`;

const gatedByLimits =
  'paused_at IS NOT NULL OR concurrency_total IS NOT NULL OR concurrency_per_key IS NOT NULL OR rate_limit IS NOT NULL';

// What is released keeps its order, on Kafka above all: a fair queue's jobs wait before its gate, and go round the tenants.
const queues = `
ALTER TABLE baton.queue ADD COLUMN regate boolean NOT NULL DEFAULT false; -- changed: the timers look at all its gates
ALTER TABLE baton.queue ALTER COLUMN gated SET EXPRESSION AS (
  ${gatedByLimits} OR fairness = 'tenant');
`;

/** Puts history aside under another name, with its indexes and partitions, so that a new one can take its place. */
const asideHistory = `
DO $$ DECLARE part regclass; BEGIN
  FOR part IN SELECT inhrelid::regclass FROM pg_inherits WHERE inhparent = 'baton.job_history'::regclass LOOP
    EXECUTE format('ALTER TABLE %s RENAME TO %I', part, 'old_' || (SELECT relname FROM pg_class WHERE oid = part));
  END LOOP;
END $$;
ALTER TABLE baton.job_history RENAME TO old_job_history;
ALTER INDEX baton.job_history_id RENAME TO old_job_history_id;
ALTER INDEX baton.job_history_dead RENAME TO old_job_history_dead;
`;

const indexes = `
CREATE INDEX job_history_id ON baton.job_history (id);
CREATE INDEX job_history_dead ON baton.job_history (queue, tenant_id, id) WHERE state = 'dead';
CREATE TABLE baton.job_history_default PARTITION OF baton.job_history DEFAULT;
`;

/**
 * A row goes with the partition of its `drop_day`, which is the day of its `expires_at`; one that is kept for longer than
 * partitions are made ahead has 'infinity', and is swept by its `expires_at`. The defaults are for services of the release
 * before, which name neither column.
 */
const history = `${asideHistory}
CREATE TABLE baton.job_history (
  LIKE baton.old_job_history INCLUDING DEFAULTS,
  expires_at timestamptz NOT NULL DEFAULT baton.now() + interval '30 days',
  drop_day date NOT NULL DEFAULT ((baton.now() + interval '30 days') AT TIME ZONE 'UTC')::date
) PARTITION BY RANGE (drop_day);
${indexes}
CREATE TABLE baton.job_history_long PARTITION OF baton.job_history FOR VALUES FROM ('infinity') TO (MAXVALUE);
CREATE INDEX job_history_expiry ON baton.job_history_long (expires_at);
DO $$ BEGIN
  FOR n IN 0..${partitionedDays} LOOP
    EXECUTE format('CREATE TABLE baton.%I PARTITION OF baton.job_history FOR VALUES FROM (%L) TO (%L)',
      'job_history_' || to_char((baton.now() AT TIME ZONE 'UTC')::date + n, 'YYYYMMDD'),
      (baton.now() AT TIME ZONE 'UTC')::date + n, (baton.now() AT TIME ZONE 'UTC')::date + n + 1);
  END LOOP;
END $$;
INSERT INTO baton.job_history SELECT o.*, e.at,
    CASE WHEN e.at < baton.now() + interval '${partitionedDays} days' THEN (e.at AT TIME ZONE 'UTC')::date ELSE 'infinity' END
  FROM baton.old_job_history o LEFT JOIN baton.queue q ON q.name = o.queue CROSS JOIN LATERAL (
    SELECT greatest(baton.now(), o.finished_at + coalesce(CASE o.state WHEN 'succeeded' THEN q.retention_succeeded_ms
      WHEN 'cancelled' THEN q.retention_cancelled_ms ELSE q.retention_dead_ms END, 2592000000) * interval '1 ms') AS at
  ) e;
DROP TABLE baton.old_job_history;
`;

const historyByEnd = `
CREATE TABLE baton.job_history (LIKE baton.old_job_history INCLUDING DEFAULTS) PARTITION BY RANGE (finished_at);
${indexes}
INSERT INTO baton.job_history SELECT * FROM baton.old_job_history;
ALTER TABLE baton.job_history DROP COLUMN expires_at, DROP COLUMN drop_day;
DROP TABLE baton.old_job_history;
`;
