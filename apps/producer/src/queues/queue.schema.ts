import { dispatchModes, formatDuration, limits, timing } from '@baton/contracts';
import type { QueueRow } from '@baton/persistence';
import { durationSchema, nameSchema } from '@baton/service';
import { z } from 'zod';
import { backoffSchema, exponentialDefaults, showBackoff } from '../schema/backoff.schema.js';

const dayMs = 86_400_000;
const most = 1_000_000;
const retention = durationSchema({ min: 1_000, max: 3_650 * dayMs });
const held = durationSchema({ min: 0, max: 3_650 * dayMs });

const concurrency = z
  .strictObject({ total: z.int().min(1).max(most).optional(), perKey: z.int().min(1).max(most).optional() })
  .refine(({ total, perKey }) => total !== undefined || perKey !== undefined, {
    error: 'must have total, perKey, or both; null takes the limits away',
  })
  .meta({ description: 'jobs that run at once: of the queue, and of each concurrencyKey' });
const rateLimit = z
  .strictObject({
    limit: z.int().min(1).max(most),
    per: durationSchema({ min: 1, max: 30 * dayMs }),
    burst: z.int().min(1).max(most).optional(),
    perKey: z.boolean().default(false),
  })
  .meta({
    description:
      'a token bucket: `limit` starts `per` time, `burst` at once; of each key by itself with `perKey`',
  });

const fields = {
  dispatchMode: z.enum(dispatchModes),
  maxAttempts: z.int().min(1).max(limits.maxAttempts),
  backoff: backoffSchema,
  timeout: durationSchema({ min: 1, max: limits.timeoutMs }),
  window: z.int().min(1).max(most).meta({ description: "records that may lie unread on the queue's topic" }),
  concurrency: concurrency.nullable(),
  rateLimit: rateLimit.nullable(),
  expectWithin: durationSchema({ min: 1, max: limits.expectMs }).nullable(),
  maxBacklog: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .meta({ description: 'waiting jobs beyond which posts answer 429' }),
  schema: z
    .union([z.record(z.string(), z.unknown()), z.boolean()], {
      error: 'must be a JSON Schema: an object or a boolean',
    })
    .nullable()
    .meta({ description: 'JSON Schema 2020-12 of payloads' }),
  fairness: z.enum(['none', 'tenant']),
  events: z.boolean().meta({ description: 'publish settled facts to baton.events' }),
  maxCrashes: z.int().min(1).max(100),
  cancelGrace: durationSchema({ min: 0, max: limits.timeoutMs }),
};
const retentions = { succeeded: retention, cancelled: retention, dead: retention };
const tiers = { hot: held, warm: held };
/** Left out or `false` by most: whether the queue stands. POST …/pause and …/resume do the same. */
const paused = z.boolean().optional();

/** Sets a queue whole: what is left out is the default. */
export const putQueueSchema = z
  .strictObject({
    dispatchMode: fields.dispatchMode.default('polling'),
    maxAttempts: fields.maxAttempts.default(5),
    backoff: fields.backoff.default(exponentialDefaults),
    timeout: fields.timeout.default(300_000),
    window: fields.window.default(10_000),
    concurrency: fields.concurrency.default(null),
    rateLimit: fields.rateLimit.default(null),
    expectWithin: fields.expectWithin.default(null),
    maxBacklog: fields.maxBacklog.default(limits.backlog),
    schema: fields.schema.default(null),
    fairness: fields.fairness.default('none'),
    events: fields.events.default(false),
    maxCrashes: fields.maxCrashes.default(3),
    cancelGrace: fields.cancelGrace.default(timing.cancelGraceMs),
    retention: z
      .strictObject({
        succeeded: retentions.succeeded.default(dayMs),
        cancelled: retentions.cancelled.default(dayMs),
        dead: retentions.dead.default(30 * dayMs),
      })
      .prefault({}),
    results: z
      .strictObject({ hot: tiers.hot.default(3_600_000), warm: tiers.warm.default(dayMs) })
      .prefault({}),
    paused: paused.meta({ description: 'left out: as it is' }),
  })
  .meta({ id: 'QueueSettings' });

/** Changes what is named; null takes a limit, the schema or the expectation away. */
export const patchQueueSchema = z
  .strictObject({
    ...fields,
    retention: z.strictObject(retentions).partial(),
    results: z.strictObject(tiers).partial(),
    paused,
  })
  .partial()
  .meta({ id: 'QueueChanges' });

const duration = z.string();
export const queueSchema = z
  .object({
    name: nameSchema,
    dispatchMode: fields.dispatchMode,
    maxAttempts: fields.maxAttempts,
    backoff: z.object({ type: z.enum(['exponential', 'fixed', 'list']) }).catchall(z.unknown()),
    timeout: duration,
    window: z.int(),
    concurrency: z.object({ total: z.int().optional(), perKey: z.int().optional() }).nullable(),
    rateLimit: z
      .object({ limit: z.int(), per: duration, burst: z.int().optional(), perKey: z.boolean() })
      .nullable(),
    expectWithin: duration.nullable(),
    maxBacklog: z.int(),
    schema: z.unknown(),
    fairness: fields.fairness,
    events: z.boolean(),
    maxCrashes: z.int(),
    cancelGrace: duration,
    retention: z.object({ succeeded: duration, cancelled: duration, dead: duration }),
    results: z.object({ hot: duration, warm: duration }),
    paused: z.boolean(),
    pausedAt: z.iso.datetime().optional(),
    draining: z.boolean().meta({ description: 'it takes no new jobs' }),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: 'Queue' });

export const queueListSchema = z
  .object({ items: z.array(queueSchema), nextCursor: z.string().optional() })
  .meta({ id: 'QueueList' });

export function showQueue(row: QueueRow): z.output<typeof queueSchema> {
  const { concurrencyTotal: total, concurrencyPerKey: perKey, rateLimit: limit, rateBurst: burst } = row;
  return {
    name: row.name,
    dispatchMode: row.dispatchMode,
    maxAttempts: row.maxAttempts,
    backoff: showBackoff(row.backoff),
    timeout: formatDuration(row.timeoutMs),
    window: row.window,
    concurrency:
      total === null && perKey === null
        ? null
        : { ...(total !== null && { total }), ...(perKey !== null && { perKey }) },
    rateLimit:
      limit === null
        ? null
        : {
            limit,
            per: formatDuration(row.ratePerMs ?? 0),
            ...(burst !== null && { burst }),
            perKey: row.ratePerKey,
          },
    expectWithin: row.expectMs === null ? null : formatDuration(row.expectMs),
    maxBacklog: row.maxBacklog,
    schema: row.schema,
    fairness: row.fairness,
    events: row.events,
    maxCrashes: row.maxCrashes,
    cancelGrace: formatDuration(row.cancelGraceMs),
    retention: {
      succeeded: formatDuration(row.retentionSucceededMs),
      cancelled: formatDuration(row.retentionCancelledMs),
      dead: formatDuration(row.retentionDeadMs),
    },
    results: { hot: formatDuration(row.resultsHotMs), warm: formatDuration(row.resultsWarmMs) },
    paused: row.pausedAtMs !== null,
    ...(row.pausedAtMs !== null && { pausedAt: new Date(row.pausedAtMs).toISOString() }),
    draining: row.drainingAtMs !== null,
    createdAt: new Date(row.createdAtMs).toISOString(),
    updatedAt: new Date(row.updatedAtMs).toISOString(),
  };
}
