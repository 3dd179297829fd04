import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the log of a job's events needs beside what its row, its attempts and `job_event` tell; and what is published of it. */
export class Events0009 implements MigrationInterface {
  readonly name = 'Events1700000000009';

  async up(runner: QueryRunner): Promise<void> {
    for (const table of ['job', 'job_history']) await runner.query(`ALTER TABLE baton.${table} ${jobColumn}`);
    await runner.query(published);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(
      'DROP TRIGGER publish_events ON baton.job; DROP TRIGGER note_queue_event ON baton.queue; DROP FUNCTION baton.publish_events, baton.note_queue_event; DROP TABLE baton.event_cursor, baton.queue_event',
    );
    for (const table of ['job', 'job_history'])
      await runner.query(`ALTER TABLE baton.${table} DROP COLUMN first_due_at`);
  }
}

// A retry and a reschedule overwrite run_at; event 2 of the log goes on saying what it said.
const jobColumn = `ADD COLUMN first_due_at timestamptz -- it was accepted with; null: it was due at once`;

// The log itself is the outbox: a job of a queue with events on has a cursor from the transaction that made it, and the
// relay publishes what lies beyond. The trigger's WHEN spares all other jobs the call.
const published = `
CREATE TABLE baton.event_cursor (
  job_id uuid PRIMARY KEY,
  generation integer NOT NULL,
  seq integer NOT NULL DEFAULT 0     -- published up to here
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.05, autovacuum_vacuum_cost_delay = 0);
CREATE TABLE baton.queue_event (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  queue text NOT NULL,
  type text NOT NULL,
  at timestamptz NOT NULL DEFAULT baton.now(),
  data text NOT NULL DEFAULT '{}'    -- JSON
);
CREATE FUNCTION baton.publish_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO baton.event_cursor (job_id, generation)
  SELECT NEW.id, NEW.generation FROM baton.queue q WHERE q.name = NEW.queue AND q.events
  ON CONFLICT (job_id) DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER publish_events AFTER INSERT ON baton.job FOR EACH ROW WHEN (NEW.follows)
  EXECUTE FUNCTION baton.publish_events();
CREATE FUNCTION baton.note_queue_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO baton.queue_event (queue, type, data)
    VALUES (NEW.name, 'queue.created', json_build_object('dispatchMode', NEW.dispatch_mode));
    RETURN NULL;
  END IF;
  IF NEW.dispatch_mode <> OLD.dispatch_mode THEN
    INSERT INTO baton.queue_event (queue, type, data)
    VALUES (NEW.name, 'queue.mode-changed', json_build_object('dispatchMode', NEW.dispatch_mode));
  END IF;
  IF (NEW.paused_at IS NULL) <> (OLD.paused_at IS NULL) THEN
    INSERT INTO baton.queue_event (queue, type)
    VALUES (NEW.name, CASE WHEN NEW.paused_at IS NULL THEN 'queue.resumed' ELSE 'queue.paused' END);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER note_queue_event AFTER INSERT OR UPDATE ON baton.queue FOR EACH ROW
  EXECUTE FUNCTION baton.note_queue_event();
`;
