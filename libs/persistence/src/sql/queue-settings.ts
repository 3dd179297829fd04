import type { Backoff, DispatchMode } from '@baton/contracts';

/** What a queue is set to; durations are milliseconds. */
export interface QueueSettings {
  dispatchMode: DispatchMode;
  maxAttempts: number;
  backoff: Backoff;
  timeoutMs: number;
  /** Records that may lie unread on the queue's topic. */
  window: number;
}

export interface QueueRow extends QueueSettings {
  name: string;
  createdAtMs: number;
  updatedAtMs: number;
}

export const queueColumns = `name, dispatch_mode AS "dispatchMode", max_attempts AS "maxAttempts", backoff,
  timeout_ms AS "timeoutMs", publish_window AS "window",
  floor(extract(epoch FROM created_at) * 1000)::bigint AS "createdAtMs",
  floor(extract(epoch FROM updated_at) * 1000)::bigint AS "updatedAtMs"`;
