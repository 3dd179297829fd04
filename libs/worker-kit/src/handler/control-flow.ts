import { formatDuration, limits, parseDuration } from '@baton/contracts';

const brand = Symbol.for('baton.control-flow');

/**
 * What a handler throws to say how its job goes on, other than by returning or failing. None of it is an error:
 * no trace shows it as one.
 */
export abstract class ControlFlow extends Error {
  /** Two copies of this module break `instanceof`; the brand does not. */
  readonly [brand] = true;
  abstract readonly kind: 'retry' | 'snooze' | 'cancel' | 'fatal';

  static is(value: unknown): value is Retry | Snooze | Cancel | Fatal {
    return typeof value === 'object' && value !== null && brand in value;
  }
}

/** The attempt failed, and the handler knows better than the queue's backoff when to try again. */
export class Retry extends ControlFlow {
  readonly kind = 'retry';

  constructor(
    /** Milliseconds since the epoch. */
    readonly atMs: number,
    cause: unknown,
  ) {
    super(
      cause instanceof Error
        ? cause.message
        : `the handler asked for a retry at ${new Date(atMs).toISOString()}`,
      { cause },
    );
  }
}

/** Not now: the job comes back later, and nothing has failed. */
export class Snooze extends ControlFlow {
  readonly kind = 'snooze';

  constructor(readonly atMs: number) {
    super(`the handler snoozed the job until ${new Date(atMs).toISOString()}`);
  }
}

/** The job is no longer wanted. */
export class Cancel extends ControlFlow {
  readonly kind = 'cancel';

  constructor(reason: string) {
    super(reason);
  }
}

/** The job has failed, and no retry can help. */
export class Fatal extends ControlFlow {
  readonly kind = 'fatal';

  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

/** When: a point in time, or from now a duration (`"5m"`) or milliseconds; at most a year ahead. */
export type When = Date | string | number;

/**
 * `throw retryAt('30s', error)`: a failure like any other (it counts towards `maxAttempts`), tried again at this time.
 * @throws RangeError when the time cannot be read or lies over a year ahead
 */
export function retryAt(when: When, cause?: unknown): Retry {
  return new Retry(timeOf('retryAt', when), cause);
}

/**
 * `throw snooze('5m')`: the job comes back then; it has not failed and no failure is counted.
 * @throws RangeError when the time cannot be read or lies over a year ahead
 */
export function snooze(when: When): Snooze {
  return new Snooze(timeOf('snooze', when));
}

/** `throw cancel('the order was withdrawn')`: the job ends as cancelled. */
export function cancel(reason: string): Cancel {
  return new Cancel(reason);
}

/** `throw fatal(error)`: the job is dead at once, however many attempts it had left. */
export function fatal(cause: unknown): Fatal {
  return new Fatal(cause);
}

function timeOf(caller: string, when: When): number {
  const now = Date.now();
  const delay = when instanceof Date ? when.getTime() - now : parseDuration(when);
  if (delay === undefined || Number.isNaN(delay) || delay > limits.aheadMs) {
    const given = when instanceof Date ? String(when) : JSON.stringify(when);
    throw new RangeError(
      `${caller} was given ${given}; allowed: a Date, a duration such as "5m", or milliseconds, at most ${formatDuration(limits.aheadMs)} ahead`,
    );
  }
  return now + Math.max(0, delay);
}
