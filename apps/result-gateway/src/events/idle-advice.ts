import type { WatchedPage } from '@baton/results';

/** A connection that is kept for so long costs more than coming again. */
const farMs = 3_600_000;

/**
 * What is said to whoever keeps a connection open for a job that has nothing to tell for long: scheduled, or waiting for its
 * next attempt.
 * @returns undefined where it is worth its while; the same words as long as the same is true
 */
export function idleAdvice(
  { state, runAtMs }: Pick<WatchedPage['row'], 'state' | 'runAtMs'>,
  now: number,
): string | undefined {
  if (state !== 'scheduled' || runAtMs === null || runAtMs - now < farMs) return undefined;
  const due = new Date(runAtMs).toISOString();
  return `the job is due at ${due} and has nothing to tell before: close this and come again then with your cursor, or let a webhook tell you`;
}
