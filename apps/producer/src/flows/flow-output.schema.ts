import { z } from 'zod';
import { listedJobSchema } from '../jobs/job-output.schema.js';

export const acceptedFlowSchema = z
  .object({ id: z.uuid(), jobs: z.record(z.string(), z.uuid()) })
  .meta({ id: 'AcceptedFlow' });

export const flowSchema = z
  .object({
    id: z.uuid(),
    createdAt: z.iso.datetime(),
    finished: z.boolean().meta({ description: 'each of its jobs has ended' }),
    jobs: z
      .record(z.string(), listedJobSchema)
      .meta({ description: 'by name; those past their retention are left out' }),
  })
  .meta({ id: 'Flow' });

export type Flow = z.output<typeof flowSchema>;
