/**
 * SQL: of an `UPDATE`, that a job is due now: its deadline counts from here, whatever it goes on to wait for. A job that was
 * due before, and failed or snoozed since, keeps the deadline that it has.
 */
export const isDue = (job: string): string =>
  `deadline_at = coalesce(${job}.deadline_at, (SELECT baton.now()) + ${job}.expect_ms * interval '1 ms')`;
