import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Webhook endpoints, what is to be delivered to them and what came of it, and delivery plans. */
export class Webhooks0010 implements MigrationInterface {
  readonly name = 'Webhooks1700000000010';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['job', 'job_history'])
      await runner.query(`ALTER TABLE baton.${table} ADD COLUMN subscribed boolean NOT NULL DEFAULT false`);
    for (const part of [endpoints, receivers, deliveries, attempts, plans]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TABLE baton.webhook_endpoint, baton.webhook_receiver, baton.webhook_delivery, baton.webhook_attempt, baton.delivery_plan',
    );
    for (const table of ['job', 'job_history'])
      await runner.query(`ALTER TABLE baton.${table} DROP COLUMN subscribed`);
  }
}

const endpoints = `
CREATE TABLE baton.webhook_endpoint (
  id uuid PRIMARY KEY,
  tenant_id uuid NOT NULL,
  name text NOT NULL,
  url text NOT NULL,
  events text[] NOT NULL,
  queues text[],                   -- told of all their jobs, '*' of every queue's; null: of those that name it
  schedule bigint[],               -- milliseconds between tries; null: the default one
  headers text NOT NULL CHECK (headers IN ('standard', 'x-signature')),
  tiers boolean NOT NULL,
  keys text NOT NULL,              -- sealed JSON {secret, seed}
  public_key text NOT NULL,        -- ed25519, raw, base64
  old_keys text,                   -- sign too until then
  old_keys_until timestamptz,
  disabled_at timestamptz,
  disabled_reason text,
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  updated_at timestamptz NOT NULL DEFAULT baton.now(),
  UNIQUE (tenant_id, name)
);
CREATE INDEX webhook_endpoint_subscribed ON baton.webhook_endpoint (tenant_id) WHERE queues IS NOT NULL;
`;

/** The breaker of an endpoint, or of an origin that jobs name by themselves. No row: all is well. */
const receivers = `
CREATE TABLE baton.webhook_receiver (
  key text PRIMARY KEY,
  tenant_id uuid NOT NULL,
  failures integer NOT NULL DEFAULT 0,     -- in a row
  trips integer NOT NULL DEFAULT 0,        -- pauses in a row
  open_until timestamptz,                  -- then one delivery goes as a probe; null: closed
  exhausted_at timestamptz                 -- when it was last said that a delivery has died
) WITH (fillfactor = 70);
`;

const deliveries = `
CREATE TABLE baton.webhook_delivery (
  id uuid PRIMARY KEY DEFAULT uuidv7(),
  tenant_id uuid NOT NULL,
  webhook_id text NOT NULL UNIQUE, -- of job, generation, seq and endpoint: the same over all tries
  receiver text NOT NULL,          -- 'endpoint:<id>' or 'origin:<tenant>:<origin>': whose turn and whose breaker
  endpoint_id uuid,                -- null: the job named a URL
  url text,
  secret text,                     -- sealed; null: the endpoint's, or that of the tenant's endpoint "default"
  type text NOT NULL,
  at timestamptz NOT NULL,         -- of the event
  job_id uuid,
  generation integer, seq integer,
  queue text,
  attempt integer,                 -- the job's
  execution_id uuid,
  data jsonb NOT NULL,             -- what is told beside result and error
  result text,                     -- JSON, where it is small enough to be told
  error text,                      -- JSON {code, message, stack?}
  traceparent text, tracestate text, baggage text,
  plan_step smallint,              -- of its job's delivery plan
  state text NOT NULL CHECK (state IN ('waiting', 'pending', 'delivered', 'dead', 'cancelled')),
  reason text,                     -- why it is dead or cancelled
  step integer NOT NULL DEFAULT 0, -- of its schedule
  attempts integer NOT NULL DEFAULT 0,
  due_at timestamptz NOT NULL,
  claim uuid,                      -- of the process that tries it now; due_at is then the end of its lease
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  finished_at timestamptz
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX webhook_delivery_turn ON baton.webhook_delivery (receiver, due_at, id) WHERE state = 'pending';
CREATE INDEX webhook_delivery_due ON baton.webhook_delivery (due_at) WHERE state = 'pending';
CREATE INDEX webhook_delivery_list ON baton.webhook_delivery (tenant_id, endpoint_id, id);
CREATE INDEX webhook_delivery_job ON baton.webhook_delivery (job_id);
CREATE INDEX webhook_delivery_age ON baton.webhook_delivery (finished_at) WHERE finished_at IS NOT NULL;
`;

const attempts = `
CREATE TABLE baton.webhook_attempt (
  delivery_id uuid NOT NULL,
  attempt integer NOT NULL,
  at timestamptz NOT NULL,
  outcome text NOT NULL,           -- delivered, throttled, failed, refused, timeout, unreachable, gone
  status integer,
  error text,
  request jsonb NOT NULL,          -- {url, headers}
  response jsonb,                  -- {headers}
  timings jsonb NOT NULL           -- milliseconds
);
CREATE INDEX webhook_attempt_delivery ON baton.webhook_attempt (delivery_id, attempt);
CREATE INDEX webhook_attempt_age ON baton.webhook_attempt (at);
`;

const plans = `
CREATE TABLE baton.delivery_plan (
  job_id uuid NOT NULL,
  generation integer NOT NULL,
  tenant_id uuid NOT NULL,
  seq integer NOT NULL,            -- of the event that ended the job: who has it has the result
  steps jsonb NOT NULL,
  step smallint NOT NULL DEFAULT 0,
  step_until timestamptz,          -- then the next step begins; null: when its webhook is dead
  state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'acknowledged', 'exhausted')),
  reason text,
  created_at timestamptz NOT NULL DEFAULT baton.now(),
  ended_at timestamptz,
  PRIMARY KEY (job_id, generation)
);
CREATE INDEX delivery_plan_due ON baton.delivery_plan (step_until) WHERE state = 'active' AND step_until IS NOT NULL;
CREATE INDEX delivery_plan_age ON baton.delivery_plan (ended_at) WHERE ended_at IS NOT NULL;
`;
