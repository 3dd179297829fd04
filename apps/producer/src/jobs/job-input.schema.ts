import { type DeliveryStep, formatDuration, limits, priorityNames } from '@baton/contracts';
import { durationSchema, nameSchema, storableText } from '@baton/service';
import { z } from 'zod';
import { backoffSchema } from '../schema/backoff.schema.js';
import { dependsOnSchema } from './depends-on.schema.js';
import { uniqueSchema } from './unique.schema.js';
import { deliveryPlanSchema, type WebhookInput, webhookSchema } from './webhook.schema.js';

const metadataText = storableText({ min: 0, maxBytes: limits.metadataBytes });

const runAtSchema = z.iso
  .datetime({ offset: true, error: 'must be an ISO 8601 time with its zone, such as "2027-01-31T12:00:00Z"' })
  .transform((text) => Date.parse(text))
  .refine((ms) => ms <= Date.now() + limits.aheadMs, { error: 'must not lie more than a year ahead' });

/** What every job may say of itself; a flow's jobs name their parents in another way. */
export const jobInputFields = {
  queue: nameSchema,
  payload: z
    .unknown()
    .optional()
    .meta({ description: `any JSON of at most ${limits.payloadBytes} bytes as sent; null when left out` }),
  orderingKey: storableText({ maxBytes: limits.orderingKeyBytes })
    .optional()
    .meta({ description: 'jobs of one key run one at a time, in order' }),
  concurrencyKey: storableText({ maxBytes: limits.concurrencyKeyBytes })
    .optional()
    .meta({ description: 'limits by key count by it; left out: by the orderingKey' }),
  priority: z.enum(priorityNames).default('normal'),
  runAt: runAtSchema.optional(),
  delay: durationSchema({ min: 0, max: limits.aheadMs }).optional(),
  maxAttempts: z.int().min(1).max(limits.maxAttempts).optional(),
  backoff: backoffSchema.optional(),
  timeout: durationSchema({ min: 1, max: limits.timeoutMs })
    .optional()
    .meta({ description: `of one attempt, up to ${formatDuration(limits.timeoutMs)}` }),
  expectWithin: durationSchema({ min: 1, max: limits.expectMs }).optional().meta({
    description: 'when it should be done, from when it became due; a job that is not is told overdue',
  }),
  metadata: z
    .record(metadataText, metadataText)
    .refine((entries) => Object.keys(entries).length <= limits.metadataEntries, {
      error: `must have at most ${limits.metadataEntries} entries`,
    })
    .optional(),
  unique: uniqueSchema.optional(),
  webhook: webhookSchema.optional(),
  delivery: deliveryPlanSchema.optional(),
};

/** What no field can say alone. */
export function checkJobInput<
  T extends z.ZodType<{
    runAt?: number | undefined;
    delay?: number | undefined;
    webhook?: WebhookInput | undefined;
    delivery?: DeliveryStep[] | undefined;
  }>,
>(schema: T) {
  return schema
    .refine(({ runAt, delay }) => runAt === undefined || delay === undefined, {
      path: ['delay'],
      error: 'must be left out where runAt is given',
    })
    .refine(({ webhook, delivery }) => webhook === undefined || delivery === undefined, {
      path: ['delivery'],
      error: 'must be left out where webhook is given: a plan has its own webhook steps',
    });
}

/** A job as a client asks for it. Fields that are left out are the queue's. */
export const jobInputSchema = checkJobInput(
  z.strictObject({ ...jobInputFields, dependsOn: dependsOnSchema.optional() }),
).meta({ id: 'JobInput' });

export type JobInput = z.output<typeof jobInputSchema>;

/** Jobs that are accepted all or none. */
export const batchInputSchema = z
  .strictObject({
    jobs: z.array(jobInputSchema).min(1).max(limits.batchJobs),
    callback: jobInputSchema
      .optional()
      .meta({ description: 'a job that runs when all of the batch have ended, however they did' }),
  })
  .meta({ id: 'BatchInput' });
