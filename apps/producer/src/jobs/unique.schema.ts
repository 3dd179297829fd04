import { jobStates, limits, uniqueConflicts } from '@baton/contracts';
import { durationSchema, storableText } from '@baton/service';
import { z } from 'zod';

const fieldPath = storableText({ maxBytes: limits.uniqueKeyBytes }).meta({
  description: 'a place in the payload: names and indices with dots between, such as "order.items.0.sku"',
});

const windowed: readonly string[] = ['debounce', 'throttle'];

/** By what a job is unique among those of its tenant and queue. */
export const uniqueSchema = z
  .strictObject({
    key: storableText({ maxBytes: limits.uniqueKeyBytes }).optional(),
    fields: z.array(fieldPath).min(1).max(limits.uniqueFields).optional(),
    states: z
      .array(z.enum(jobStates))
      .min(1)
      .optional()
      .meta({ description: 'a job in one of these is in the way; all that are not terminal when left out' }),
    within: durationSchema({ min: 1, max: limits.aheadMs })
      .optional()
      .meta({ description: 'only a job accepted so recently is in the way' }),
    onConflict: z.enum(uniqueConflicts).default('reject'),
  })
  .refine(({ key, fields }) => key === undefined || fields === undefined, {
    path: ['fields'],
    error: 'must be left out where key is given; without either a job is unique by its whole payload',
  })
  .refine(({ onConflict, within }) => within !== undefined || !windowed.includes(onConflict), {
    path: ['within'],
    error: 'must be given for "debounce" (the quiet that is waited for) and "throttle" (one job in so long)',
  })
  .refine(({ onConflict, states }) => states === undefined || !windowed.includes(onConflict), {
    path: ['states'],
    error: 'must be left out for "debounce", which looks at waiting jobs, and "throttle", which looks at all',
  })
  .meta({ id: 'Unique' });

export type UniqueInput = z.output<typeof uniqueSchema>;
