/** Bounds of the API and of the protocol, in one place. Sizes are bytes, durations milliseconds. */
export const limits = {
  /** An inline payload, as received. */
  payloadBytes: 256 * 1024,
  /** A whole request body. */
  bodyBytes: 1024 * 1024,
  /** A JSON result that is kept as such; a larger one is kept as a file. */
  resultBytes: 256 * 1024,
  /** A file that an event worker hands over with its outcome, and that is first kept in PostgreSQL where there is S3. */
  inlineFileBytes: 512 * 1024,
  /** A file, or an upload, where there is no S3. */
  postgresFileBytes: 8 * 1024 * 1024,
  /** A file that a handler returns, and an upload, where there is S3. */
  fileBytes: 5 * 1024 * 1024 * 1024,
  /** An upload where there is S3: its hash is taken when its job is accepted. */
  uploadBytes: 1024 * 1024 * 1024,
  /** An upload that a handler reads into memory at once, unless it says otherwise. */
  wholeUploadBytes: 64 * 1024 * 1024,
  /** Uploads of a tenant that no job has named yet, and how long the place for one may be put into. */
  openUploads: 1_000,
  uploadMs: 15 * 60_000,
  /** How far ahead a result may be kept by extension. */
  extendMs: 30 * 86_400_000,
  orderingKeyBytes: 255,
  concurrencyKeyBytes: 255,
  idempotencyKeyBytes: 255,
  metadataEntries: 16,
  metadataBytes: 256,
  batchJobs: 10_000,
  maxAttempts: 100,
  /** How far ahead `runAt` and `delay` may lie. */
  aheadMs: 366 * 86_400_000,
  timeoutMs: 24 * 3_600_000,
  /** `expectWithin`. */
  expectMs: 30 * 86_400_000,
  /** Parents that one job may name; a batch's callback has as many as the batch has jobs. */
  parents: 1_000,
  /** Results of a job's parents, in sum, that are handed to its handler. */
  parentResultBytes: 256 * 1024,
  /** A unique job's key, or one path into its payload; and how many of those. */
  uniqueKeyBytes: 255,
  uniqueFields: 16,
  /** A job's progress and its checkpoint, each, as JSON. */
  progressBytes: 16 * 1024,
  checkpointBytes: 256 * 1024,
  /** How far apart two kept words of progress of one execution are, milliseconds. */
  progressEveryMs: 1_000,
  /** What of a queue may wait before its API answers 429, unless the queue says otherwise. */
  backlog: 1_000_000,
  /** An error's message and its stack, each, as they are kept. */
  errorChars: 8_192,
  /** How long a long-poll may be held, and how many a key may have. */
  waitSeconds: 60,
  waitingPerKey: 100,
  /** Streams of events (SSE) and WebSockets that a key may have open, and what one socket may watch. */
  streamsPerKey: 100,
  socketsPerKey: 100,
  subscriptions: 100,
  listItems: 200,
  /** Events told at once, and the JSON result that the last of them carries; a larger one is fetched. */
  eventsPage: 500,
  eventResultBytes: 16 * 1024,
  /** A webhook's body; what would be larger names the result and leaves it out. */
  webhookBytes: 16 * 1024,
  /** Of a webhook endpoint: how often and how far apart it may be tried. */
  webhookSteps: 30,
  webhookStepMs: 7 * 86_400_000,
  /** Of a tenant. */
  webhookEndpoints: 1_000,
  /** Steps of a delivery plan, and how long one may last. */
  planSteps: 5,
  planStepMs: 7 * 86_400_000,
  idempotencyMs: 24 * 3_600_000,
  /** Rows or records that travel in one batch through relay and settle. */
  batch: 500,
} as const;

/** Protocol timing (dispatch protocol); milliseconds. */
export const timing = {
  /** A polling worker's lease, and how often it is renewed while jobs run. */
  leaseMs: 15_000,
  leaseRenewMs: 5_000,
  /** After a PostgreSQL restart nobody is rescued for this long: all sessions ended at once. */
  rescueGraceMs: 20_000,
  /** A session must be missing at two looks this far apart. */
  rescueLookMs: 500,
  /** An event worker's heartbeat, and the silence after which it is gone. */
  heartbeatMs: 2_000,
  silentMs: 6_000,
  /** A handler that has run this long is announced by `started`. */
  announceMs: 25,
  /** Timers act on an attempt this long after its timeout, when its worker has said nothing. */
  timeoutGraceMs: 30_000,
  /** The slow sweep beneath every wake-up. */
  sweepMs: 30_000,
  /** A cancelled job's handler may take so long to let go, unless its queue says otherwise. */
  cancelGraceMs: 30_000,
  /** A leader's renewal of its epoch, and the age at which a standby takes over. */
  leaderRenewMs: 1_000,
  leaderStaleMs: 10_000,
  /** A webhook's receiver must answer in this time; its delivery is its process's for a while longer. */
  webhookTimeoutMs: 15_000,
  webhookLeaseMs: 30_000,
  /** Webhook deliveries and their attempts are kept so long. */
  webhookHistoryMs: 7 * 86_400_000,
  /** While both secrets of a webhook endpoint sign. */
  webhookRotationMs: 24 * 3_600_000,
} as const;

/** Fixed for a deployment's life: rows carry a shard, leaders hold shards. */
export const shardCount = 64;
/** The timers are one more shard. */
export const timersShard = shardCount;
