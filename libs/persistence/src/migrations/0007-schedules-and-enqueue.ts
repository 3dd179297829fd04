import type { MigrationInterface, QueryRunner } from 'typeorm';
import { enqueueFunctions } from './0007-enqueue.sql.js';

/** Cron schedules, and `baton.enqueue` for callers who enqueue inside their own transaction. */
export class SchedulesAndEnqueue0007 implements MigrationInterface {
  readonly name = 'SchedulesAndEnqueue1700000000007';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [schedules, ...enqueueFunctions]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE baton.schedule');
    await runner.query(`DROP FUNCTION baton.enqueue(text, text, jsonb, jsonb), baton.enqueue(text, text, text, jsonb),
      baton.checked_backoff(jsonb), baton.checked_duration(jsonb, text, bigint, bigint), baton.checked_text(jsonb, text, integer),
      baton.refuse_enqueue(text, text), baton.duration_ms(jsonb), baton.new_id()`);
  }
}

const schedules = `
CREATE TABLE baton.schedule (
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  queue text NOT NULL,
  cron text NOT NULL,
  timezone text NOT NULL,
  payload text NOT NULL,           -- JSON
  job text NOT NULL,               -- JSON: what else each job is given
  jitter_ms bigint NOT NULL DEFAULT 0,
  catch_up text NOT NULL DEFAULT 'skip' CHECK (catch_up IN ('skip', 'one', 'all')),
  paused_at timestamptz,
  next_at timestamptz,             -- its next run; null while it is paused, or when none follows
  last_at timestamptz,             -- the run that was fired last, when it should have been,
  last_fired_at timestamptz,       -- and when it was
  last_job_id uuid,
  last_error text,                 -- JSON {code, message}: why its last run made no job
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  updated_at timestamptz NOT NULL DEFAULT baton.now(),
  PRIMARY KEY (tenant_id, name)
) WITH (fillfactor = 70);
CREATE INDEX schedule_next ON baton.schedule (next_at) WHERE next_at IS NOT NULL;
`;
