import { isTerminal } from '@baton/contracts';
import type { EventSource } from './event-log.js';

/** Where a job stands now, for a client whose place in the log is not there any more. */
export function snapshotOf(row: EventSource): Record<string, unknown> {
  const { id, queue, state, generation, attempt, failures, progress } = row;
  const time = (name: string, ms: number | null): Record<string, string> =>
    ms === null ? {} : { [name]: new Date(ms).toISOString() };
  return {
    id,
    queue,
    state,
    ...(state === 'held' && row.reason !== null && { reason: row.reason }),
    generation,
    attempt,
    failures,
    ...time('createdAt', row.createdAtMs),
    ...(state === 'scheduled' && time('runAt', row.runAtMs)),
    ...time('queuedAt', row.queuedAtMs),
    ...time('startedAt', row.startedAtMs),
    ...time('finishedAt', row.finishedAtMs),
    ...(progress !== null && { progress }),
    ...(row.progressData !== null && { progressData: JSON.parse(row.progressData) as unknown }),
    ...(row.cancelRequestedAtMs !== null && { cancelRequested: true }),
    ...(row.overdueAtMs !== null && { overdue: true }),
    ...(row.error !== null && { error: JSON.parse(row.error) as unknown }),
    ...(row.result !== null && { result: JSON.parse(row.result) as unknown }),
    ...(isTerminal(state) && { links: { result: `/v1/results/${id}` } }),
  };
}
