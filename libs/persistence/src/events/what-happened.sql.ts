/**
 * For the test of the log: triggers that note what each statement did to a job, number by number, from the change of its
 * row alone. They know nothing of how the log is told.
 */
export const whatHappened = `
CREATE TABLE baton.happened (job_id uuid NOT NULL, seq integer NOT NULL, what text NOT NULL, PRIMARY KEY (job_id, seq));
CREATE TABLE baton.gone (job_id uuid PRIMARY KEY, seq integer NOT NULL);

CREATE FUNCTION baton.happened_to(job uuid, was integer, became integer, VARIADIC whats text[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF became - was <> cardinality(whats) THEN
    RAISE EXCEPTION 'job %: numbers % to % for %', job, was, became, whats;
  END IF;
  INSERT INTO baton.happened SELECT job, was + n, what FROM unnest(whats) WITH ORDINALITY AS w(what, n);
END $$;

CREATE FUNCTION baton.on_job() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  started text[] := '{}';
BEGIN
  IF TG_OP = 'INSERT' THEN
    PERFORM baton.happened_to(NEW.id, 0, NEW.seq, 'job.accepted', 'job.' || NEW.state);
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO baton.gone VALUES (OLD.id, OLD.seq);
  ELSIF NEW.state = 'running' AND OLD.state = 'queued' THEN
    PERFORM baton.happened_to(NEW.id, OLD.seq, NEW.seq, 'attempt.started');
  ELSIF NEW.attempt > OLD.attempt THEN
    PERFORM baton.happened_to(NEW.id, OLD.seq, NEW.seq, 'job.queued');
  ELSIF NEW.state <> OLD.state OR NEW.seq > OLD.seq THEN
    IF OLD.started_seq IS NULL AND NEW.started_seq IS NOT NULL THEN started := '{attempt.started}'; END IF;
    IF NEW.state = OLD.state THEN PERFORM baton.happened_to(NEW.id, OLD.seq, NEW.seq, VARIADIC started || 'ended or noted'::text);
    ELSIF NEW.state = 'scheduled' AND OLD.state IN ('queued', 'running') THEN
      PERFORM baton.happened_to(NEW.id, OLD.seq, NEW.seq, VARIADIC started || '{ended or noted,job.scheduled}'::text[]);
    ELSE PERFORM baton.happened_to(NEW.id, OLD.seq, NEW.seq, 'job.' || NEW.state);
    END IF;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER happened_to_job AFTER INSERT OR UPDATE OR DELETE ON baton.job FOR EACH ROW EXECUTE FUNCTION baton.on_job();

CREATE FUNCTION baton.on_history() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was integer := (SELECT seq FROM baton.gone WHERE job_id = NEW.id);
BEGIN
  IF NEW.seq - was = 2 THEN PERFORM baton.happened_to(NEW.id, was, NEW.seq, 'attempt.started', 'job.' || NEW.state);
  ELSE PERFORM baton.happened_to(NEW.id, was, NEW.seq, 'job.' || NEW.state);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER happened_to_history AFTER INSERT ON baton.job_history FOR EACH ROW EXECUTE FUNCTION baton.on_history();
`;
