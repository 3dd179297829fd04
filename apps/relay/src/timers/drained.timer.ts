import { noteDrained, type Database } from '@baton/persistence';
import type { Timer } from './timer.js';

/** While a queue drains; a look that takes long is taken seldom: at most a twentieth of the time. */
const everyMs = 1_000;
const share = 20;

/** Tells of a draining queue, once, that it has become empty: `queue.drained`. Asks nothing while none drains. */
export class DrainedTimer implements Timer {
  readonly name = 'drained';

  /** @param onDrained there are events of queues to publish */
  constructor(
    private readonly database: Database,
    private readonly onDrained: () => void,
  ) {}

  async look() {
    const began = performance.now();
    const { drained, draining } = await noteDrained(this.database.pool);
    const found = drained.length > 0;
    if (found) this.onDrained();
    const nextMs = Math.max(everyMs, share * (performance.now() - began));
    return { found, nextMs: draining > 0 ? nextMs : undefined };
  }
}
