/** How long to wait after a failure. Durations are milliseconds. */
export type Backoff =
  | { type: 'exponential'; delay: number; factor: number; max: number; jitter: number }
  | { type: 'fixed'; delay: number }
  | { type: 'list'; delays: readonly number[] };

export const defaultBackoff: Backoff = {
  type: 'exponential',
  delay: 1_000,
  factor: 2,
  max: 3_600_000,
  jitter: 0.2,
};

/**
 * The delay before the next attempt.
 *
 * Exponential: `min(max, delay × factor^(failures − 1))`, moved by at most ± `jitter` of itself, so that jobs
 * that failed together do not come back together. A list's last entry serves all later failures.
 * @param failures how often the job has failed, this time included; ≥ 1
 * @param random a number in [0, 1)
 * @returns whole milliseconds ≥ 0
 */
export function retryDelayMs(backoff: Backoff, failures: number, random: number): number {
  switch (backoff.type) {
    case 'fixed':
      return backoff.delay;
    case 'list':
      return backoff.delays[Math.min(failures, backoff.delays.length) - 1] ?? 0;
    case 'exponential': {
      const base = Math.min(backoff.max, backoff.delay * backoff.factor ** (failures - 1));
      return Math.max(0, Math.round(base * (1 + backoff.jitter * (2 * random - 1))));
    }
  }
}
