import { defaultBackoff, type Backoff, formatDuration, limits } from '@baton/contracts';
import { durationSchema } from '@baton/service';
import { z } from 'zod';

const delay = durationSchema({ min: 0, max: limits.aheadMs });
/** What an exponential backoff leaves out, and the whole of a queue's own. */
export const exponentialDefaults = defaultBackoff as Extract<Backoff, { type: 'exponential' }>;

/** How long to wait after a failure. What an exponential one leaves out is the default's. */
export const backoffSchema = z
  .discriminatedUnion(
    'type',
    [
      z.strictObject({
        type: z.literal('exponential'),
        delay: delay.default(exponentialDefaults.delay),
        factor: z.number().min(1).max(100).default(exponentialDefaults.factor),
        max: delay.default(exponentialDefaults.max),
        jitter: z.number().min(0).max(1).default(exponentialDefaults.jitter),
      }),
      z.strictObject({ type: z.literal('fixed'), delay }),
      z.strictObject({ type: z.literal('list'), delays: z.array(delay).min(1).max(limits.maxAttempts) }),
    ],
    { error: 'must be an object whose type is "exponential", "fixed" or "list"' },
  )
  .meta({ id: 'Backoff' });

/** A backoff as the API tells it, with its durations spelled out. */
export function showBackoff(backoff: Backoff) {
  switch (backoff.type) {
    case 'exponential':
      return { ...backoff, delay: formatDuration(backoff.delay), max: formatDuration(backoff.max) };
    case 'fixed':
      return { ...backoff, delay: formatDuration(backoff.delay) };
    case 'list':
      return { ...backoff, delays: backoff.delays.map(formatDuration) };
  }
}
