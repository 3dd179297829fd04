import { BatonError, type EventCursor, jobEventTypes, limits, parseCursor } from '@baton/contracts';
import { z } from 'zod';

export const eventsQuerySchema = z.strictObject({
  cursor: z
    .string()
    .max(30)
    .optional()
    .describe('generation:seq of the last event that the client has; left out: from the beginning'),
});

export const eventSchema = z
  .object({
    cursor: z.string().describe('generation:seq, the place of the event in the log of the job'),
    type: z.enum([...jobEventTypes, 'resync']),
    at: z.iso.datetime(),
    data: z.record(z.string(), z.unknown()),
  })
  .meta({ id: 'JobEvent' });

export const eventsPageSchema = z
  .object({
    items: z.array(eventSchema),
    cursor: z.string().describe('what to ask with next'),
    terminal: z.boolean().describe('the job has ended, and its last event is told'),
  })
  .meta({ id: 'JobEvents' });

/** @throws BatonError `invalid_request` */
export function readCursor(text: string | undefined, from: string): EventCursor | undefined {
  if (text === undefined || text === '') return undefined;
  const cursor = parseCursor(text);
  if (cursor) return cursor;
  throw new BatonError(
    'invalid_request',
    `${from} is "${text.slice(0, 30)}"; allowed: generation:seq as an event gave it, such as "0:4"`,
  );
}

/** How long a request for events may be held; seconds. */
export const eventsWaitSeconds = limits.waitSeconds;
