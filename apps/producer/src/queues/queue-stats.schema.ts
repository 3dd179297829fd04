import { dispatchModes, holdReasons } from '@baton/contracts';
import type { QueueStats } from '@baton/persistence';
import { nameSchema } from '@baton/service';
import { z } from 'zod';

const time = z.iso.datetime();
const percentiles = z
  .object({ p50: z.number(), p95: z.number(), p99: z.number() })
  .optional()
  .meta({ description: 'milliseconds; left out where nothing ended lately' });

export const queueStatsSchema = z
  .object({
    queue: nameSchema,
    at: time,
    depth: z.object({
      scheduled: z.int(),
      held: z.int(),
      queued: z.int(),
      running: z.int(),
    }),
    held: z.partialRecord(z.enum(holdReasons), z.int()).meta({ description: 'held jobs by their reason' }),
    backlog: z.int().meta({ description: 'what waits: scheduled, held and queued' }),
    outbox: z.object({
      rows: z.int().meta({ description: 'released for Kafka and not yet there' }),
      oldestMs: z.number().optional(),
    }),
    oldestQueuedAt: time.optional().meta({ description: 'when the oldest queued job was accepted' }),
    modes: z
      .partialRecord(z.enum(dispatchModes), z.int())
      .meta({ description: 'released jobs by the mode of their release' }),
    rates: z.object({ acceptedPerSecond: z.number(), finishedPerSecond: z.number() }).meta({
      description:
        'of the last minute; from a sample, so what lies above some 30 a second is at least so much',
    }),
    waitMs: percentiles,
    runMs: percentiles,
    sample: z.int().meta({ description: 'ended jobs that the percentiles are of' }),
  })
  .meta({ id: 'QueueStats' });

export function showQueueStats(queue: string, stats: QueueStats): z.output<typeof queueStatsSchema> {
  const { nowMs, depth, outbox } = stats;
  const count = (where: (row: QueueStats['depth'][number]) => boolean): number =>
    depth.filter(where).reduce((sum, row) => sum + row.count, 0);
  const inState = (state: string): number => count((row) => row.state === state);
  const queued = depth.filter(({ state }) => state === 'queued').map(({ oldestMs }) => oldestMs);
  const counted = <K extends string>(keys: readonly K[], of: (key: K) => number) =>
    Object.fromEntries(keys.map((key) => [key, of(key)]).filter(([, n]) => n !== 0)) as Partial<
      Record<K, number>
    >;
  return {
    queue,
    at: new Date(nowMs).toISOString(),
    depth: {
      scheduled: inState('scheduled'),
      held: inState('held'),
      queued: inState('queued'),
      running: inState('running'),
    },
    held: counted(holdReasons, (reason) => count((row) => row.state === 'held' && row.reason === reason)),
    backlog: count((row) => row.state !== 'running'),
    outbox: {
      rows: outbox.rows,
      ...(outbox.oldestMs !== null && { oldestMs: Math.max(0, nowMs - outbox.oldestMs) }),
    },
    ...(queued.length > 0 && { oldestQueuedAt: new Date(Math.min(...queued)).toISOString() }),
    modes: counted(dispatchModes, (mode) =>
      count((row) => row.mode === mode && (row.state === 'queued' || row.state === 'running')),
    ),
    rates: {
      acceptedPerSecond: stats.acceptedInMinute / 60,
      finishedPerSecond: stats.finishedInMinute / 60,
    },
    ...percentilesOf('waitMs', stats.waitMs),
    ...percentilesOf('runMs', stats.runMs),
    sample: stats.sample,
  };
}

function percentilesOf<K extends string>(name: K, [p50, p95, p99]: readonly (number | null)[]) {
  if (p50 == null || p95 == null || p99 == null) return {};
  return { [name]: { p50, p95, p99 } } as Record<K, { p50: number; p95: number; p99: number }>;
}
