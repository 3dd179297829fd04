import { limits, priorityNames } from '@baton/contracts';
import { catchUps, mostCaughtUp } from '@baton/persistence';
import { durationSchema, nameSchema, storableText } from '@baton/service';
import { z } from 'zod';
import { jobInputSchema } from '../jobs/job-input.schema.js';

const dayMs = 86_400_000;

const { queue, payload, orderingKey, priority, maxAttempts, backoff, timeout, metadata } =
  jobInputSchema.shape;
/** What of a job's fields each job of a schedule is given. */
const jobFields = {
  queue,
  payload,
  orderingKey,
  concurrencyKey: storableText({ maxBytes: limits.concurrencyKeyBytes }).optional(),
  priority,
  maxAttempts,
  backoff,
  timeout,
  expectWithin: durationSchema({ min: 1, max: limits.expectMs }).optional(),
  metadata,
};

const fields = {
  cron: z.string().max(200).meta({
    description: 'minute, hour, day, month, day of the week; or six fields, with seconds first',
  }),
  timezone: z.string().min(1).max(64).meta({ description: 'IANA name' }),
  jitter: durationSchema({ min: 0, max: dayMs }).meta({
    description: 'each run comes up to so much later, by chance',
  }),
  catchUp: z.enum(catchUps).meta({
    description: `runs missed while no relay ran: none is made up for, the last one, or each of the last ${mostCaughtUp}`,
  }),
  paused: z.boolean(),
};

/** Sets a schedule whole: what is left out is the default. */
export const putScheduleSchema = z
  .strictObject({
    cron: fields.cron,
    timezone: fields.timezone.default('UTC'),
    jitter: fields.jitter.default(0),
    catchUp: fields.catchUp.default('skip'),
    paused: fields.paused.default(false),
    ...jobFields,
  })
  .meta({ id: 'ScheduleSettings' });

export type ScheduleInput = z.output<typeof putScheduleSchema>;

const time = z.iso.datetime();
export const scheduleSchema = z
  .object({
    name: nameSchema,
    cron: fields.cron,
    timezone: fields.timezone,
    jitter: z.string(),
    catchUp: fields.catchUp,
    paused: fields.paused,
    queue: nameSchema,
    payload: z.unknown(),
    orderingKey: z.string().optional(),
    concurrencyKey: z.string().optional(),
    priority: z.enum(priorityNames),
    maxAttempts: z.int().optional(),
    backoff: z.object({ type: z.string() }).catchall(z.unknown()).optional(),
    timeout: z.string().optional(),
    expectWithin: z.string().optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    nextRuns: z.array(time).meta({ description: 'the next five, without jitter; none while it is paused' }),
    lastRun: z
      .object({
        at: time.meta({ description: 'when it should have been' }),
        firedAt: time,
        jobId: z.uuid().optional(),
        error: z.object({ code: z.string(), message: z.string() }).optional(),
      })
      .optional(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: 'Schedule' });

export const scheduleListSchema = z
  .object({ items: z.array(scheduleSchema), nextCursor: z.string().optional() })
  .meta({ id: 'ScheduleList' });

export type ShownSchedule = z.output<typeof scheduleSchema>;
