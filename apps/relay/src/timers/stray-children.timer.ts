import { timing } from '@baton/contracts';
import { mendChildren, type Database } from '@baton/persistence';
import { strays } from '@baton/tracing';
import type { Logger } from 'pino';
import type { Timer } from './timer.js';

export interface Mends {
  /** Children were made due. */
  onDue: () => void;
  /** Parents were noted, whose dependants are to be told. */
  onNoted: () => void;
}

/**
 * Mends jobs that wait for parents in vain. It must find none but those that held out for a dead job's replay when it
 * was purged: they are cancelled.
 */
export class StrayChildrenTimer implements Timer {
  readonly name = 'stray-children';

  constructor(
    private readonly database: Database,
    private readonly log: Logger,
    private readonly mends: Mends,
  ) {}

  async look() {
    let found = 0;
    await mendChildren(this.database.pool, ({ miscounted, untold, purged }) => {
      if (miscounted > 0) this.mends.onDue();
      if (untold + purged > 0) this.mends.onNoted();
      if (miscounted > 0) strays.inc({ kind: 'parents_count' }, miscounted);
      if (untold > 0) strays.inc({ kind: 'parents_untold' }, untold);
      if (miscounted + untold > 0)
        this.log.warn(
          { miscounted, untold },
          'jobs that waited for parents were mended: nobody was about to let them go',
        );
      found += miscounted + untold + purged;
    });
    return { found: found > 0, nextMs: 2 * timing.sweepMs };
  }
}
