import { dispatchModes, holdReasons, jobStates, limits, priorityNames } from '@baton/contracts';
import { nameSchema } from '@baton/service';
import { z } from 'zod';
import { holdSchema } from './show-hold.js';

const time = z.iso.datetime();
const error = z
  .object({ code: z.string(), message: z.string(), stack: z.string().optional() })
  .meta({ id: 'JobError' });

const attemptSchema = z
  .object({
    attempt: z.int(),
    executionId: z.string().optional(),
    worker: z.string().optional(),
    startedAt: time.optional(),
    finishedAt: time.optional(),
    outcome: z
      .enum(['running', 'succeeded', 'failed', 'cancelled', 'snoozed', 'released', 'lost'])
      .meta({ description: '`released`: handed back; `lost`: its worker went away' }),
    error: error.optional(),
  })
  .meta({ id: 'Attempt' });

const fields = {
  id: z.uuid(),
  queue: nameSchema,
  state: z.enum(jobStates),
  reason: z.enum(holdReasons).optional(),
  payload: z.unknown().optional().meta({ description: 'left out in lists' }),
  orderingKey: z.string().optional(),
  concurrencyKey: z.string().optional().meta({ description: 'where it is not the orderingKey' }),
  priority: z.enum(priorityNames),
  metadata: z.record(z.string(), z.string()).optional(),
  attempt: z.int().meta({ description: 'how often it was released' }),
  failures: z.int(),
  maxAttempts: z.int().max(limits.maxAttempts),
  generation: z.int().meta({ description: 'how often it was replayed' }),
  createdAt: time,
  runAt: time.optional(),
  queuedAt: time.optional(),
  startedAt: time.optional(),
  finishedAt: time.optional(),
  progress: z
    .object({ fraction: z.number().min(0).max(1), data: z.unknown().optional() })
    .optional()
    .meta({ description: 'as its handler told it last' }),
  expectedBy: time.optional().meta({ description: 'its deadline, once it is due' }),
  overdue: z.literal(true).optional().meta({ description: 'it was not done at its deadline' }),
  cancelRequested: z
    .literal(true)
    .optional()
    .meta({ description: 'its cancel was requested; a job that succeeded all the same had finished first' }),
  error: error.optional(),
  flowId: z.uuid().optional(),
  parents: z.int().optional().meta({ description: 'jobs that it depends on' }),
  pendingParents: z.int().optional().meta({ description: 'of them, those it still waits for' }),
  dispatchMode: z
    .enum(dispatchModes)
    .optional()
    .meta({ description: 'in which its current attempt was released' }),
  traceId: z.string().optional(),
  cursor: z.string(),
  links: z.object({ self: z.string(), result: z.string() }),
};

export const listedJobSchema = z.object(fields).meta({ id: 'ListedJob' });
export const jobSchema = z
  .object({
    ...fields,
    hold: holdSchema.optional(),
    attempts: z.array(attemptSchema),
    dependants: z.int().optional().meta({ description: 'jobs that depend on it' }),
  })
  .meta({ id: 'Job' });
const existing = z
  .literal(true)
  .meta({ description: 'it was there already, and stands for the one that was asked for' });
export const acceptedJobSchema = z
  .object({
    ...fields,
    attempts: z.array(attemptSchema),
    token: z.string().meta({ description: 'reads this job for 15 minutes' }),
    existing: existing.optional(),
  })
  .meta({ id: 'AcceptedJob' });
const acceptedItem = z.object({ id: z.uuid(), state: z.enum(jobStates), existing: existing.optional() });
export const acceptedBatchSchema = z
  .object({ items: z.array(acceptedItem), callback: acceptedItem.optional() })
  .meta({ id: 'AcceptedBatch' });
export const jobListSchema = z
  .object({ items: z.array(listedJobSchema), nextCursor: z.string().optional() })
  .meta({ id: 'JobList' });

export type ListedJob = z.output<typeof listedJobSchema>;
export type Attempt = z.output<typeof attemptSchema>;

export const jobTokenSchema = z
  .object({ token: z.string(), expiresAt: z.iso.datetime() })
  .meta({ id: 'JobToken' });
