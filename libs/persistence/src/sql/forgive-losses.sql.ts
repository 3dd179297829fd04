/**
 * SQL: takes back what was held against live jobs that were lost with workers which are there after all. A job that
 * has crashed with others goes on running alone.
 * @param workers a query for the workers' ids
 */
export const forgiveLosses = (workers: string): string => `
  UPDATE baton.job j SET crashes = j.crashes - (j.death = 'counted' IS TRUE)::int,
    careful = j.crashes - (j.death = 'counted' IS TRUE)::int > 0, died_with = NULL, death = NULL
  WHERE j.died_with IN (${workers})`;
