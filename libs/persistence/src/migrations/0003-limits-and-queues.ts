import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When gates are to be looked at, whose turn it is there, and which queues' limits have changed. */
export class LimitsAndQueues0003 implements MigrationInterface {
  readonly name = 'LimitsAndQueues1700000000003';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [gates, queues]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`
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

// What is on Kafka cannot be put in another order: a fair queue's jobs wait before its gate, and go round the tenants.
const queues = `
ALTER TABLE baton.queue ADD COLUMN regate boolean NOT NULL DEFAULT false; -- changed: the timers look at all its gates
ALTER TABLE baton.queue ALTER COLUMN gated SET EXPRESSION AS (
  ${gatedByLimits} OR (fairness = 'tenant' AND dispatch_mode = 'event'));
`;
