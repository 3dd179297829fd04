import { type DeliveryStep, formatDuration, limits, webhookEventTypes } from '@baton/contracts';
import { durationSchema, nameSchema } from '@baton/service';
import { z } from 'zod';

const stepFor = durationSchema({ min: 100, max: limits.planStepMs });

/** Whom to tell of a job. What can be known of the URL without calling it is looked at where it is accepted. */
export const webhookSchema = z
  .strictObject({
    endpoint: nameSchema.optional().meta({ description: 'one of GET /v1/webhooks' }),
    url: z.string().min(1).max(2_000).optional(),
    secret: z
      .string()
      .max(200)
      .refine(
        (text) => /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) && bytesOf(text) >= 24 && bytesOf(text) <= 64,
        {
          error: 'must be "whsec_" and the base64 of 24 to 64 bytes',
        },
      )
      .optional()
      .meta({ description: "signs in place of that of the tenant's endpoint `default`" }),
    events: z
      .array(z.enum(webhookEventTypes))
      .min(1)
      .transform((given) => [...new Set(given)])
      .optional()
      .meta({ description: "left out: the endpoint's, or for a URL those that end a job" }),
  })
  .refine(({ endpoint, url }) => (endpoint === undefined) !== (url === undefined), {
    error: 'must name either an endpoint or a url',
  })
  .refine(({ endpoint, secret }) => endpoint === undefined || secret === undefined, {
    path: ['secret'],
    error: 'must be left out where an endpoint is named: it has its own',
  })
  .meta({ id: 'JobWebhook' });
export type WebhookInput = z.output<typeof webhookSchema>;

const stepSchema = z.discriminatedUnion(
  'channel',
  [
    z.strictObject({ channel: z.literal('stream'), for: stepFor }),
    z.strictObject({ channel: z.literal('webhook'), endpoint: nameSchema, for: stepFor.optional() }),
  ],
  { error: 'must be a step whose channel is "stream" or "webhook"' },
);

/** In which order channels get the job's end, until the client acknowledges it on one. */
export const deliveryPlanSchema = z
  .array(stepSchema)
  .min(1)
  .max(limits.planSteps, { error: `must have at most ${limits.planSteps} steps` })
  .refine((steps) => new Set(endpointsOf(steps)).size === endpointsOf(steps).length, {
    error: 'must name an endpoint once: its deliveries are the same one',
  })
  .transform((steps) =>
    steps.map((step): DeliveryStep => {
      const { for: forMs, ...rest } = step;
      return { ...rest, ...(forMs !== undefined && { forMs }) } as DeliveryStep;
    }),
  )
  .meta({
    id: 'DeliveryPlan',
    description: `such as [{channel: "stream", for: "5s"}, {channel: "webhook", endpoint: "hooks"}]; a step lasts up to ${formatDuration(limits.planStepMs)}`,
  });

function bytesOf(secret: string): number {
  return Buffer.from(secret.slice('whsec_'.length), 'base64').length;
}

function endpointsOf(steps: readonly { channel: string; endpoint?: string }[]): string[] {
  return steps.flatMap(({ endpoint }) => endpoint ?? []);
}
