/**
 * In test databases every change of a job's state is checked against `baton.job_transition`, so that a statement
 * which makes a move that the state machine does not know fails at once. Not in production: it would cost a
 * look-up a row.
 */
export const transitionGuard = `
CREATE FUNCTION baton.check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  was text := CASE TG_OP WHEN 'INSERT' THEN 'none' ELSE OLD.state::text END;
BEGIN
  IF NOT EXISTS (SELECT FROM baton.job_transition t WHERE t.from_state = was AND t.to_state = NEW.state) THEN
    RAISE EXCEPTION 'job %: no transition from % to %', NEW.id, was, NEW.state USING ERRCODE = 'XX001';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER check_transition_insert BEFORE INSERT ON baton.job FOR EACH ROW EXECUTE FUNCTION baton.check_transition();
CREATE TRIGGER check_transition_update BEFORE UPDATE ON baton.job FOR EACH ROW
  WHEN (OLD.state IS DISTINCT FROM NEW.state OR OLD.attempt IS DISTINCT FROM NEW.attempt)
  EXECUTE FUNCTION baton.check_transition();
`;
