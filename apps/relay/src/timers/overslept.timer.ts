import { timing } from '@baton/contracts';
import { findNextTimes, type Database, type NextTimes } from '@baton/persistence';
import type { Timer } from './timer.js';

/**
 * The slow sweep beneath the wake-ups of timers that sleep until a time. Whoever makes something due earlier than they know of
 * tells them after its commit, and whoever dies between the two tells nobody: a job would be as late as the longest sleep.
 */
export class OversleptTimer implements Timer {
  readonly name = 'overslept';

  constructor(
    private readonly database: Database,
    private readonly onNext: (next: NextTimes) => void,
    private readonly everyMs: number = timing.sweepMs,
  ) {}

  async look() {
    this.onNext(await findNextTimes(this.database.pool));
    return { found: false, nextMs: this.everyMs };
  }
}
