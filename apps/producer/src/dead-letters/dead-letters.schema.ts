import { z } from 'zod';
import { idSchema, pageFields, storableText } from '@baton/service';
import { rateSchema } from '../operations/operation.schema.js';
import { timeSchema } from '../schema/time.schema.js';

/** As many as one request may name; a filter names any number. */
const mostIds = 10_000;
const defaultRate = 100;

const filterFields = {
  code: storableText({ maxBytes: 64 }).optional().meta({ description: "of the job's error" }),
  after: timeSchema.optional().meta({ description: 'died after' }),
  before: timeSchema.optional().meta({ description: 'died before' }),
};

export const listDeadSchema = z.strictObject({ ...pageFields, ...filterFields });

const which = {
  ids: z.array(idSchema).min(1).max(mostIds).optional(),
  filter: z.strictObject(filterFields).optional().meta({ description: '`{}`: all of the queue' }),
};

type Which = { ids?: unknown; filter?: unknown };
const oneOf = ({ ids, filter }: Which): boolean => (ids === undefined) !== (filter === undefined);
const oneOfError = { error: 'must name either ids or filter' };

export const replayDeadSchema = z
  .strictObject({
    ...which,
    ratePerSecond: rateSchema.default(defaultRate),
    payload: z.unknown().optional().meta({ description: 'in place of what it died with; with one id' }),
  })
  .refine(oneOf, oneOfError)
  .refine((body) => body.payload === undefined || body.ids?.length === 1, {
    path: ['payload'],
    error: 'may only be given with one id',
  })
  .meta({ id: 'ReplayDead' });

export const purgeDeadSchema = z.strictObject(which).refine(oneOf, oneOfError).meta({ id: 'PurgeDead' });
