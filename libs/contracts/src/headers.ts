/** Headers of a record on a job topic, beside `traceparent`, `tracestate` and `baggage`. */
export const headers = {
  tenant: 'baton-tenant',
  jobId: 'baton-job-id',
  attempt: 'baton-attempt',
  /** `<shard>:<epoch>` of the leader that published the record: the fence of a deposed one's late sends. */
  term: 'baton-term',
  schema: 'baton-schema',
} as const;

/** Headers of a record on `baton.dead-letter`: why it lies there, and where it lay. */
export const deadLetterHeaders = {
  reason: 'baton-dead-reason',
  topic: 'baton-dead-topic',
  partition: 'baton-dead-partition',
  offset: 'baton-dead-offset',
} as const;
