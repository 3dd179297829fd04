import { liveStates } from '@baton/contracts';
import { idSchema, nameSchema, storableText } from '@baton/service';
import { z } from 'zod';
import { rateSchema } from '../operations/operation.schema.js';
import { timeSchema } from '../schema/time.schema.js';

const reason = storableText({ maxBytes: 1_024 })
  .optional()
  .meta({ description: "why; the cancelled job's error says so" });

export const cancelSchema = z.strictObject({ reason }).nullish().meta({ id: 'Cancel' });

/** At least one thing must be named, so that an empty filter by mistake does not cancel everything. */
export const cancelManySchema = z
  .strictObject({
    filter: z
      .strictObject({
        queue: nameSchema.optional(),
        state: z.enum(liveStates).optional(),
        orderingKey: storableText({ maxBytes: 255 }).optional(),
        concurrencyKey: storableText({ maxBytes: 255 }).optional(),
        flowId: idSchema.optional(),
        createdBefore: timeSchema.optional(),
        createdAfter: timeSchema.optional(),
      })
      .refine((filter) => Object.values(filter).some((value) => value !== undefined), {
        error:
          'must name at least one of queue, state, orderingKey, concurrencyKey, flowId, createdBefore, createdAfter',
      }),
    reason,
    ratePerSecond: rateSchema.optional(),
  })
  .meta({ id: 'CancelMany' });
