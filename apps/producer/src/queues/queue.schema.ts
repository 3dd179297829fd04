import { dispatchModes, formatDuration, limits } from '@baton/contracts';
import type { QueueRow } from '@baton/persistence';
import { z } from 'zod';
import { backoffSchema, exponentialDefaults, showBackoff } from '../schema/backoff.schema.js';
import { durationSchema } from '../schema/duration.schema.js';
import { nameSchema } from '../schema/text.schema.js';

const fields = {
  dispatchMode: z.enum(dispatchModes),
  maxAttempts: z.int().min(1).max(limits.maxAttempts),
  backoff: backoffSchema,
  timeout: durationSchema({ min: 1, max: limits.timeoutMs }),
  window: z
    .int()
    .min(1)
    .max(1_000_000)
    .meta({ description: "records that may lie unread on the queue's topic" }),
};

/** Sets a queue whole: what is left out is the default. */
export const putQueueSchema = z
  .strictObject({
    dispatchMode: fields.dispatchMode.default('polling'),
    maxAttempts: fields.maxAttempts.default(5),
    backoff: fields.backoff.default(exponentialDefaults),
    timeout: fields.timeout.default(300_000),
    window: fields.window.default(10_000),
  })
  .meta({ id: 'QueueSettings' });

/** Changes what is named. */
export const patchQueueSchema = z.strictObject(fields).partial().meta({ id: 'QueueChanges' });

export const queueSchema = z
  .object({
    name: nameSchema,
    dispatchMode: fields.dispatchMode,
    maxAttempts: fields.maxAttempts,
    backoff: z.object({ type: z.enum(['exponential', 'fixed', 'list']) }).catchall(z.unknown()),
    timeout: z.string(),
    window: z.int(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Queue' });

export const queueListSchema = z
  .object({ items: z.array(queueSchema), nextCursor: z.string().optional() })
  .meta({ id: 'QueueList' });

export function showQueue(row: QueueRow): z.output<typeof queueSchema> {
  return {
    name: row.name,
    dispatchMode: row.dispatchMode,
    maxAttempts: row.maxAttempts,
    backoff: showBackoff(row.backoff),
    timeout: formatDuration(row.timeoutMs),
    window: row.window,
    createdAt: new Date(row.createdAtMs).toISOString(),
    updatedAt: new Date(row.updatedAtMs).toISOString(),
  };
}
