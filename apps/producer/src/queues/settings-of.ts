import type { QueueSettings } from '@baton/persistence';
import type { z } from 'zod';
import type { patchQueueSchema, putQueueSchema } from './queue.schema.js';

type Changes = { [K in keyof QueueSettings]?: QueueSettings[K] | undefined };

/** A whole set of settings as it is stored. */
export function settingsOf(put: z.output<typeof putQueueSchema>): QueueSettings {
  // Every field has its default by now, so nothing is left undefined.
  return changesOf(put) as QueueSettings;
}

/** What is named of the settings, as it is stored; a limit that is named is set whole. */
export function changesOf({
  timeout,
  concurrency,
  rateLimit,
  expectWithin,
  cancelGrace,
  retention,
  results,
  paused: _paused,
  ...same
}: z.output<typeof patchQueueSchema>): Changes {
  return {
    ...same,
    timeoutMs: timeout,
    ...(concurrency !== undefined && {
      concurrencyTotal: concurrency?.total ?? null,
      concurrencyPerKey: concurrency?.perKey ?? null,
    }),
    ...(rateLimit !== undefined && {
      rateLimit: rateLimit?.limit ?? null,
      ratePerMs: rateLimit?.per ?? null,
      rateBurst: rateLimit?.burst ?? null,
      ratePerKey: rateLimit?.perKey ?? false,
    }),
    expectMs: expectWithin,
    cancelGraceMs: cancelGrace,
    retentionSucceededMs: retention?.succeeded,
    retentionCancelledMs: retention?.cancelled,
    retentionDeadMs: retention?.dead,
    resultsHotMs: results?.hot,
    resultsWarmMs: results?.warm,
  };
}
