import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A job may go from its hold straight to the worker that let the last one end; a draining queue tells once that it is empty;
 * what is enqueued in SQL, or by a schedule, passes its queue's door.
 */
export class EngineDoors0013 implements MigrationInterface {
  readonly name = 'EngineDoors1700000000013';

  async up(runner: QueryRunner): Promise<void> {
    for (const part of [handOver, drained, schedules, enqueueDoor]) await runner.query(part);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DELETE FROM baton.job_transition WHERE moved_by = 'handover';
DROP TRIGGER note_queue_drained ON baton.queue; DROP FUNCTION baton.note_queue_drained;
ALTER TABLE baton.queue DROP COLUMN drained_at;
ALTER TABLE baton.schedule DROP COLUMN retry_at;
DROP TRIGGER enqueue_door ON baton.job; DROP FUNCTION baton.enqueue_door;`);
  }
}

// A new database has it from the first migration, which copies the table of moves as it is now.
const handOver = `
INSERT INTO baton.job_transition (from_state, to_state, moved_by) VALUES ('held', 'running', 'handover') ON CONFLICT DO NOTHING`;

const drained = `
ALTER TABLE baton.queue ADD COLUMN drained_at timestamptz; -- draining, it was found empty
CREATE FUNCTION baton.note_queue_drained() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO baton.queue_event (queue, type) VALUES (NEW.name, 'queue.drained');
  RETURN NULL;
END $$;
CREATE TRIGGER note_queue_drained AFTER UPDATE ON baton.queue FOR EACH ROW
  WHEN (OLD.drained_at IS NULL AND NEW.drained_at IS NOT NULL) EXECUTE FUNCTION baton.note_queue_drained()`;

const schedules = `
ALTER TABLE baton.schedule ADD COLUMN retry_at timestamptz -- its queue takes no jobs: its due runs wait until then`;

/** A longer backlog is not counted for each job that is enqueued. */
const mostCounted = 10_000;

// Read alone: a caller's transaction may stay open for long. The WHEN spares all other jobs the call.
const enqueueDoor = `
CREATE FUNCTION baton.enqueue_door() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  q record;
BEGIN
  SELECT b.draining_at, b.max_backlog INTO q FROM baton.queue b WHERE b.name = NEW.queue;
  IF q.draining_at IS NOT NULL THEN
    PERFORM baton.refuse_enqueue('state_conflict',
      format('queue "%s" is draining and takes no new jobs; POST /v1/queues/%s/resume ends that', NEW.queue, NEW.queue));
  END IF;
  IF q.max_backlog <= ${mostCounted} AND q.max_backlog <=
    (SELECT count(*) FROM (SELECT FROM baton.job j WHERE j.queue = NEW.queue AND j.state = 'queued' AND j.mode = 'polling' LIMIT q.max_backlog) c)
    + (SELECT count(*) FROM (SELECT FROM baton.job j WHERE j.queue = NEW.queue AND j.state = 'held' AND j.gate = 1 LIMIT q.max_backlog) c)
    + (SELECT count(*) FROM (SELECT FROM baton.job j WHERE j.queue = NEW.queue AND j.state = 'held' AND j.gate = 2 LIMIT q.max_backlog) c)
    + (SELECT count(*) FROM (SELECT FROM baton.outbox o WHERE o.queue = NEW.queue LIMIT q.max_backlog) c) THEN
    PERFORM baton.refuse_enqueue('queue_backlogged',
      format('queue "%s" takes no more: its maxBacklog of %s jobs waits', NEW.queue, q.max_backlog));
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER enqueue_door BEFORE INSERT ON baton.job FOR EACH ROW WHEN (NEW.state = 'held' AND NEW.reason = 'admission')
  EXECUTE FUNCTION baton.enqueue_door()`;
