import { failurePolicies, limits } from '@baton/contracts';
import { idSchema } from '@baton/service';
import { z } from 'zod';

export const onFailureSchema = z.enum(failurePolicies).default('cancel').meta({
  description:
    'when it dies or is cancelled: cancel this job too, run it all the same, or hold it for a replay',
});

/** Jobs that must be finished before this one. */
export const dependsOnSchema = z
  .array(
    z.union([
      idSchema.transform((job) => ({ job, onFailure: 'cancel' as const })),
      z.strictObject({ job: idSchema, onFailure: onFailureSchema }),
    ]),
  )
  .max(limits.parents)
  .refine((parents) => new Set(parents.map(({ job }) => job)).size === parents.length, {
    error: 'must name each job once',
  });
