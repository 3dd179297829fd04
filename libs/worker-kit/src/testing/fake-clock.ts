import { parseDuration } from '@baton/contracts';

/**
 * Shifts what `Date` says in this process: real time goes on, and a test moves it ahead. Timers are not faked: what a
 * handler itself waits for, it waits for.
 */
export class FakeClock {
  private readonly real = Date;
  private shiftMs = 0;

  /** @param startAt what it is now; default: what it is */
  constructor(startAt?: Date) {
    const { real } = this;
    if (startAt) this.shiftMs = startAt.getTime() - real.now();
    const now = (): number => real.now() + this.shiftMs;
    globalThis.Date = new Proxy(real, {
      construct: (target, given: unknown[], maker) =>
        Reflect.construct(target, given.length === 0 ? [now()] : given, maker) as Date,
      get: (target, property, receiver) =>
        property === 'now' ? now : (Reflect.get(target, property, receiver) as unknown),
    });
  }

  /** @throws RangeError for what is no duration */
  advance(duration: string | number): number {
    const ms = parseDuration(duration);
    if (ms === undefined || ms < 0)
      throw new RangeError(`advance was given ${JSON.stringify(duration)}; allowed: a duration such as "5m"`);
    this.shiftMs += ms;
    return ms;
  }

  restore(): void {
    globalThis.Date = this.real;
  }
}
