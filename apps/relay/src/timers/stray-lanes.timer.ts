import { timing } from '@baton/contracts';
import { mendLanes, type Database } from '@baton/persistence';
import { strays } from '@baton/tracing';
import type { Logger } from 'pino';
import type { Announcer } from '../announce/announcer.js';
import type { Timer } from './timer.js';

/** Mends lanes in which jobs wait behind nobody. It must find none. */
export class StrayLanesTimer implements Timer {
  readonly name = 'stray-lanes';

  constructor(
    private readonly database: Database,
    private readonly announcer: Announcer,
    private readonly log: Logger,
  ) {}

  async look() {
    let found = 0;
    await mendLanes(this.database.pool, ({ strays: lanes, released, openGates }) => {
      this.announcer.released(released);
      this.announcer.gates(openGates);
      if (lanes === 0) return;
      strays.inc({ kind: 'lane_held' }, lanes);
      this.log.warn({ lanes }, 'lanes were mended: nobody was about to let their next jobs go');
      found += lanes;
    });
    return { found: found > 0, nextMs: 2 * timing.sweepMs };
  }
}
