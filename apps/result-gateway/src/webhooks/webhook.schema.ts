import {
  endEventTypes,
  formatDuration,
  limits,
  pulledUrl,
  defaultWebhookSchedule,
  webhookAlertTypes,
  webhookEventTypes,
  deliveryStates,
} from '@baton/contracts';
import type { EndpointRow } from '@baton/persistence';
import { durationSchema, nameSchema, pageFields } from '@baton/service';
import { z } from 'zod';

export const endpointNameSchema = nameSchema;
const told = [...webhookEventTypes, ...webhookAlertTypes] as const;
const step = durationSchema({ min: 0, max: limits.webhookStepMs });

/** A receiver of webhooks, as it is set whole. */
export const endpointInputSchema = z
  .strictObject({
    url: z
      .string()
      .min(1)
      .max(2_000)
      .meta({
        description: `https, and reachable from where Baton runs; or "${pulledUrl}": a client takes its deliveries by POST …/take, as \`baton webhooks listen\` does`,
      }),
    events: z
      .array(z.enum(told))
      .min(1)
      .default([...endEventTypes])
      .transform((given) => [...new Set(given)])
      .meta({
        description:
          "which events are told; those that begin with webhook. are alerts about the tenant's other endpoints",
      }),
    queues: z
      .array(z.union([nameSchema, z.literal('*')]))
      .min(1)
      .max(100)
      .optional()
      .meta({
        description:
          'told of every job of these queues, "*" for all; left out: only of jobs that name the endpoint',
      }),
    schedule: z
      .array(step)
      .min(1)
      .max(limits.webhookSteps)
      .optional()
      .meta({
        description: `when it is tried: the first entry after the event, each later one after the try before; ${defaultWebhookSchedule.map(formatDuration).join(', ')} when left out`,
      }),
    headers: z.enum(['standard', 'x-signature']).default('standard'),
    tiers: z.boolean().default(true).meta({
      description:
        'answers that a repetition does not mend end a delivery at once, and a receiver that does not answer waits an hour',
    }),
  })
  .meta({ id: 'WebhookEndpointInput' });
export type EndpointInput = z.output<typeof endpointInputSchema>;

const time = z.iso.datetime();
const fields = {
  name: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  queues: z.array(z.string()).optional(),
  schedule: z.array(z.string()),
  headers: z.enum(['standard', 'x-signature']),
  tiers: z.boolean(),
  publicKey: z.string().meta({ description: 'verifies the v1a signatures: whpk_ and base64' }),
  state: z.enum(['active', 'failing', 'paused', 'disabled']),
  failures: z.int().meta({ description: 'in a row' }),
  pausedUntil: time.optional(),
  disabledReason: z.string().optional(),
  rotatedUntil: time
    .optional()
    .meta({ description: 'until then the keys before the last rotation sign too' }),
  createdAt: time,
  updatedAt: time,
};
export const endpointSchema = z.object(fields).meta({ id: 'WebhookEndpoint' });
const secret = z.string().meta({ description: 'verifies the v1 signatures; shown this once' });
export const endpointWithSecretSchema = z
  .object({ ...fields, secret })
  .meta({ id: 'WebhookEndpointWithSecret' });
export const endpointListSchema = z
  .object({ items: z.array(endpointSchema), nextCursor: z.string().optional() })
  .meta({ id: 'WebhookEndpointList' });

export const deliveryQuerySchema = z.strictObject({
  ...pageFields,
  state: z.enum(deliveryStates).optional(),
});
export const recoverSchema = z
  .strictObject({ since: z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)) })
  .meta({ id: 'WebhookRecover' });
export const replaySchema = z
  .strictObject({
    ids: z.array(z.uuid()).min(1).max(1_000).optional(),
    ratePerSecond: z.number().min(0.1).max(1_000).default(100),
  })
  .meta({ id: 'WebhookReplay' });
export const replayedSchema = z
  .object({ count: z.int().meta({ description: `how many begin anew; at most ${limits.batchJobs} a call` }) })
  .meta({ id: 'WebhookReplayed' });
export const testedSchema = z.object({ id: z.uuid(), webhookId: z.string() }).meta({ id: 'WebhookTested' });

const attempt = z.object({
  attempt: z.int(),
  at: time,
  outcome: z.string(),
  status: z.int().optional(),
  error: z.string().optional(),
  request: z.object({ url: z.string(), headers: z.record(z.string(), z.string()) }),
  response: z.object({ headers: z.record(z.string(), z.string()) }).optional(),
  timings: z.record(z.string(), z.number()).meta({ description: 'milliseconds' }),
});
export const deliverySchema = z
  .object({
    id: z.uuid(),
    webhookId: z.string(),
    type: z.string(),
    url: z.string().optional().meta({ description: 'where the job named it' }),
    jobId: z.uuid().optional(),
    cursor: z.string().optional(),
    state: z.enum(deliveryStates),
    reason: z.string().optional(),
    planStep: z.int().optional(),
    nextAttemptAt: time.optional(),
    createdAt: time,
    finishedAt: time.optional(),
    attempts: z.array(attempt),
  })
  .meta({ id: 'WebhookDelivery' });
export const deliveryListSchema = z
  .object({ items: z.array(deliverySchema), nextCursor: z.string().optional() })
  .meta({ id: 'WebhookDeliveryList' });

export const ackSchema = z
  .strictObject({
    cursor: z.string().regex(/^\d{1,9}:\d{1,9}$/, { error: 'must be a cursor, such as "0:4"' }),
  })
  .meta({ id: 'Acknowledgement' });
export const acknowledgedSchema = z
  .object({
    acknowledged: z.boolean().meta({
      description:
        'false: there is no delivery plan, it was acknowledged before, or the job has not ended at that cursor',
    }),
  })
  .meta({ id: 'Acknowledged' });

export const jobDeliveriesSchema = z
  .object({
    plan: z
      .object({
        state: z.enum(['active', 'acknowledged', 'exhausted']),
        step: z.int(),
        steps: z.array(
          z.object({ channel: z.string(), endpoint: z.string().optional(), for: z.string().optional() }),
        ),
        reason: z.string().optional(),
        stepUntil: time.optional(),
        endedAt: time.optional(),
      })
      .optional(),
    items: z.array(deliverySchema),
  })
  .meta({ id: 'JobDeliveries' });

export function showEndpoint(row: EndpointRow): z.output<typeof endpointSchema> {
  const {
    name,
    url,
    events,
    queues,
    headers,
    tiers,
    failures,
    pausedUntilMs,
    disabledReason,
    rotatedUntilMs,
  } = row;
  const paused = pausedUntilMs !== null;
  const state =
    row.disabledAtMs !== null ? 'disabled' : paused ? 'paused' : failures > 0 ? 'failing' : 'active';
  return {
    name,
    url,
    events,
    ...(queues !== null && { queues }),
    schedule: (row.schedule ?? defaultWebhookSchedule).map(formatDuration),
    headers,
    tiers,
    publicKey: `whpk_${row.publicKey}`,
    state,
    failures,
    ...(paused && { pausedUntil: iso(pausedUntilMs) }),
    ...(disabledReason !== null && { disabledReason }),
    ...(rotatedUntilMs !== null && { rotatedUntil: iso(rotatedUntilMs) }),
    createdAt: iso(row.createdAtMs),
    updatedAt: iso(row.updatedAtMs),
  };
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
