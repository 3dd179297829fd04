import { counter, gauge } from './define-metric.js';

// Silence must mean waiting: these show that an idle system is asleep.

export const claimPolls = counter(
  'baton_claim_polls_total',
  'Claims by polling workers, by what they found: empty or jobs',
  ['result'],
);

export const wakes = counter(
  'baton_wakes_total',
  'Wake-ups of a waiting process, by what woke it: notify, sweep or broker',
  ['source'],
);

// Files as they age.

export const storedFiles = counter(
  'baton_stored_files_total',
  'Files of results and uploads, by what was done: moved to S3, expired, collected (objects that nothing named)',
  ['what'],
);

// Backpressure: what waits, and where.

export const outboxBacklog = gauge('baton_outbox_backlog', 'Outbox rows not yet acknowledged by the broker', [
  'queue',
]);

export const outboxOldestSeconds = gauge('baton_outbox_oldest_seconds', 'Age of the oldest outbox row');

export const consumerLag = gauge('baton_consumer_lag', 'Records on a job topic behind its end', [
  'queue',
  'partition',
]);

export const jobsByState = gauge('baton_jobs', 'Jobs that are not terminal', ['queue', 'state']);
