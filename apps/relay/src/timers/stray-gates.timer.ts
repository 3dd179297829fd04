import { timing } from '@baton/contracts';
import { mendGates, type Database } from '@baton/persistence';
import { strays } from '@baton/tracing';
import type { Logger } from 'pino';
import type { Announcer } from '../announce/announcer.js';
import type { Timer } from './timer.js';

/** Mends gates that count wrongly, and jobs that stand before a gate with room. It must find none. */
export class StrayGatesTimer implements Timer {
  readonly name = 'stray-gates';

  constructor(
    private readonly database: Database,
    private readonly announcer: Announcer,
    private readonly log: Logger,
  ) {}

  async look() {
    let found = 0;
    await mendGates(this.database.pool, ({ miscounted, stranded, released }) => {
      this.announcer.released(released);
      if (miscounted > 0) strays.inc({ kind: 'gate_count' }, miscounted);
      if (stranded > 0) strays.inc({ kind: 'gate_held' }, stranded);
      if (miscounted + stranded > 0)
        this.log.warn(
          { miscounted, stranded },
          'gates were mended: a limit had held jobs that it should not',
        );
      found += miscounted + stranded;
    });
    return { found: found > 0, nextMs: 2 * timing.sweepMs };
  }
}
