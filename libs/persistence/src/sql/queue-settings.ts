import type { Backoff, DispatchMode } from '@baton/contracts';

/** What a queue is set to; durations are milliseconds. */
export interface QueueSettings {
  dispatchMode: DispatchMode;
  maxAttempts: number;
  backoff: Backoff;
  timeoutMs: number;
  /** Records that may lie unread on the queue's topic. */
  window: number;
  /** Jobs that run at once: of the queue, and of each concurrency key. Null: no limit. */
  concurrencyTotal: number | null;
  concurrencyPerKey: number | null;
  /** So many starts in so long, with so many at once; each key by itself or not. Null: no limit. */
  rateLimit: number | null;
  ratePerMs: number | null;
  rateBurst: number | null;
  ratePerKey: boolean;
  expectMs: number | null;
  maxBacklog: number;
  /** JSON Schema 2020-12 of payloads; null: any. */
  schema: object | boolean | null;
  fairness: 'none' | 'tenant';
  /** Publish to `baton.events`. */
  events: boolean;
  maxCrashes: number;
  cancelGraceMs: number;
  retentionSucceededMs: number;
  retentionCancelledMs: number;
  retentionDeadMs: number;
  resultsHotMs: number;
  resultsWarmMs: number;
}

export interface QueueRow extends QueueSettings {
  name: string;
  pausedAtMs: number | null;
  /** It takes no new jobs since then. */
  drainingAtMs: number | null;
  createdAtMs: number;
  updatedAtMs: number;
}

/** Each setting's column, with the type that its JSON value is read as. */
export const settingColumns = {
  dispatchMode: ['dispatch_mode', 'baton.dispatch_mode'],
  maxAttempts: ['max_attempts', 'integer'],
  backoff: ['backoff', 'jsonb'],
  timeoutMs: ['timeout_ms', 'bigint'],
  window: ['publish_window', 'integer'],
  concurrencyTotal: ['concurrency_total', 'integer'],
  concurrencyPerKey: ['concurrency_per_key', 'integer'],
  rateLimit: ['rate_limit', 'integer'],
  ratePerMs: ['rate_per_ms', 'bigint'],
  rateBurst: ['rate_burst', 'integer'],
  ratePerKey: ['rate_per_key', 'boolean'],
  expectMs: ['expect_ms', 'bigint'],
  maxBacklog: ['max_backlog', 'integer'],
  schema: ['schema', 'jsonb'],
  fairness: ['fairness', 'text'],
  events: ['events', 'boolean'],
  maxCrashes: ['max_crashes', 'smallint'],
  cancelGraceMs: ['cancel_grace_ms', 'bigint'],
  retentionSucceededMs: ['retention_succeeded_ms', 'bigint'],
  retentionCancelledMs: ['retention_cancelled_ms', 'bigint'],
  retentionDeadMs: ['retention_dead_ms', 'bigint'],
  resultsHotMs: ['results_hot_ms', 'bigint'],
  resultsWarmMs: ['results_warm_ms', 'bigint'],
} as const satisfies Record<keyof QueueSettings, readonly [string, string]>;

/** SQL: a setting's value in the JSON object `given`; a JSON null is NULL. */
export function givenValue(given: string, name: string, type: string): string {
  return type === 'jsonb' ? `nullif(${given} -> '${name}', 'null')` : `(${given} ->> '${name}')::${type}`;
}

const ms = (column: string): string => `floor(extract(epoch FROM ${column}) * 1000)::bigint`;

export const queueColumns = `name, ${Object.entries(settingColumns)
  .map(([name, [column]]) => `${column} AS "${name}"`)
  .join(', ')}, ${ms('paused_at')} AS "pausedAtMs", ${ms('draining_at')} AS "drainingAtMs",
  ${ms('created_at')} AS "createdAtMs", ${ms('updated_at')} AS "updatedAtMs"`;
