import { counter, gauge } from './define-metric.js';

export const jobsAccepted = counter('baton_jobs_accepted_total', 'Jobs committed', ['queue']);

export const jobsSettled = counter(
  'baton_jobs_settled_total',
  'Outcomes applied, by what became of the job',
  ['queue', 'outcome'],
);

export const relayLeader = gauge('baton_relay_leader', '1 for a shard that this replica leads', ['shard']);

export const relayTerm = gauge('baton_relay_term', "This replica's epoch of a shard that it leads", [
  'shard',
]);

export const shardsLeaderless = gauge('baton_shards_leaderless', 'Shards that no replica leads');

export const rebalances = counter(
  'baton_rebalances_total',
  "Rebalances of a queue's consumer group, seen by this process",
  ['queue'],
);

export const redeliveries = counter(
  'baton_redeliveries_total',
  'Records read again that this process already had',
  ['queue'],
);

export const duplicateSettles = counter(
  'baton_duplicate_settles_total',
  'Outcomes that changed nothing: a second one of an attempt, or one of an attempt that is over',
  ['queue', 'reason'],
);

export const rescues = counter(
  'baton_rescues_total',
  "Jobs released again, by why: the worker's session, its lease or its silence, or an execution missing from its heartbeats",
  ['queue', 'reason'],
);

export const strays = counter(
  'baton_strays_total',
  'Jobs found in a place they should have left, and mended: must stay 0',
  ['kind'],
);

export const jobsUnaccounted = gauge(
  'baton_jobs_unaccounted',
  'Accepted jobs that are in no place or in two: must be 0',
);

export const feedFailures = counter(
  'baton_feed_failures_total',
  'Announcements of settled outcomes that failed; a sweep covers them',
  ['feed'],
);

export const webhookAttempts = counter(
  'baton_webhook_attempts_total',
  'Attempts to deliver a webhook, by what came of them',
  ['outcome'],
);

export const webhookBreakers = gauge(
  'baton_webhook_breakers',
  'Webhook receivers, by the state of their breaker',
  ['state'],
);

export const channelConnections = gauge('baton_channel_connections', 'Clients held open, by channel', [
  'channel',
]);
