import { limits } from '@baton/contracts';
import { z } from 'zod';
import { onFailureSchema } from '../jobs/depends-on.schema.js';
import { checkJobInput, jobInputFields } from '../jobs/job-input.schema.js';

const nodeName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, {
  error: 'must be 1 to 63 letters, digits, "_", "." and "-", the first a letter or digit',
});

const dependsOnNames = z
  .array(
    z.union([
      nodeName.transform((job) => ({ job, onFailure: 'cancel' as const })),
      z.strictObject({ job: nodeName, onFailure: onFailureSchema }),
    ]),
  )
  .max(limits.parents)
  .refine((parents) => new Set(parents.map(({ job }) => job)).size === parents.length, {
    error: 'must name each job once',
  });

/** A job of a flow: a job with a name, whose parents are other jobs of the flow, by their names. */
const flowJobSchema = checkJobInput(
  z.strictObject({ ...jobInputFields, name: nodeName, dependsOn: dependsOnNames.optional() }),
).meta({ id: 'FlowJobInput' });

export type FlowJobInput = z.output<typeof flowJobSchema>;

/** A graph of jobs that are accepted all or none. */
export const flowInputSchema = z
  .strictObject({ jobs: z.array(flowJobSchema).min(1).max(limits.batchJobs) })
  .meta({ id: 'FlowInput' });
