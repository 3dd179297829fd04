import { timing } from '@baton/contracts';
import { storableText } from '@baton/service';
import { z } from 'zod';

export const takeSchema = z
  .strictObject({ limit: z.int().min(1).max(100).default(10) })
  .meta({ id: 'WebhookTake' });

export const takenSchema = z
  .object({
    items: z.array(
      z.object({
        id: z.uuid(),
        claim: z.uuid().meta({
          description: `to be given back with the answer, within ${timing.webhookLeaseMs / 1_000} s; then it is taken again`,
        }),
        webhookId: z.string(),
        type: z.string(),
        attempt: z.int().meta({ description: 'which try this is, from 1' }),
        headers: z.record(z.string(), z.string()).meta({ description: 'to be sent as they are' }),
        body: z.string().meta({ description: 'the bytes that are signed, as UTF-8' }),
      }),
    ),
  })
  .meta({ id: 'WebhookTaken' });

const milliseconds = z.int().min(0).max(600_000);

export const answerSchema = z
  .strictObject({
    claim: z.uuid(),
    url: storableText({ maxBytes: 2_000 }).meta({
      description: 'where it was forwarded to; for the history',
    }),
    status: z.int().min(100).max(599).optional(),
    headers: z
      .record(z.string().max(200), z.string().max(8_192))
      .optional()
      .meta({ description: "the answer's; `retry-after` counts" }),
    fault: z.enum(['timeout', 'unreachable']).optional().meta({ description: 'where there was no answer' }),
    headMs: milliseconds.default(0),
    totalMs: milliseconds.default(0),
  })
  .refine(({ status, fault }) => (status === undefined) !== (fault === undefined), {
    error: 'must have either a status or a fault',
    path: ['status'],
  })
  .meta({ id: 'WebhookAnswer' });

export const answeredSchema = z
  .object({
    outcome: z.string(),
    state: z.enum(['delivered', 'dead', 'pending']),
    nextInMs: z.number().optional().meta({ description: 'until the next try' }),
  })
  .meta({ id: 'WebhookAnswered' });
