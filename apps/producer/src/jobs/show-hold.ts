import { formatDuration, holdReasons } from '@baton/contracts';
import type { Hold } from '@baton/persistence';
import { z } from 'zod';

/** What holds a job; which fields `by` has depends on the reason. */
export const holdSchema = z
  .object({
    reason: z.enum(holdReasons),
    by: z
      .object({
        job: z.uuid().optional().meta({ description: 'lane: the job whose turn it is' }),
        key: z
          .string()
          .optional()
          .meta({ description: "concurrency, rate: it is the key's limit, not the queue's" }),
        limit: z.int().optional(),
        running: z.int().optional().meta({ description: 'concurrency: slots taken, by whatever tenant' }),
        per: z.string().optional().meta({ description: 'rate: `limit` starts in so long' }),
        jobs: z.array(z.uuid()).optional().meta({
          description:
            'concurrency: jobs of the tenant that have slots, ten at most; parents: those not finished',
        }),
        since: z.iso.datetime().optional().meta({ description: 'paused' }),
      })
      .optional(),
    until: z.iso.datetime().optional().meta({ description: 'rate: when the next token comes' }),
  })
  .meta({ id: 'Hold' });

export function showHold(hold: Hold): z.output<typeof holdSchema> {
  const until = hold.untilMs === null ? {} : { until: new Date(hold.untilMs).toISOString() };
  const by = byOf(hold);
  return { reason: hold.reason, ...(Object.keys(by).length > 0 && { by }), ...until };
}

function byOf(hold: Hold): NonNullable<z.output<typeof holdSchema>['by']> {
  const key = hold.key === null ? {} : { key: hold.key };
  switch (hold.reason) {
    case 'lane':
      return hold.holder === null ? {} : { job: hold.holder };
    case 'concurrency':
      return {
        ...key,
        ...(hold.limit !== null && { limit: hold.limit }),
        running: hold.taken ?? 0,
        jobs: hold.takers ?? [],
      };
    case 'rate':
      return hold.rate === null || hold.ratePerMs === null
        ? key
        : { ...key, limit: hold.rate, per: formatDuration(hold.ratePerMs) };
    case 'parents':
      return { jobs: hold.parents ?? [] };
    case 'paused':
      return hold.sinceMs === null ? {} : { since: new Date(hold.sinceMs).toISOString() };
    case 'admission':
      return {};
  }
}
