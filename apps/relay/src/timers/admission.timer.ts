import { limits, timing } from '@baton/contracts';
import { admitEnqueued, type Database } from '@baton/persistence';
import type { Timer } from './timer.js';

/** Admits jobs that were enqueued in callers' own transactions: woken by their NOTIFY, with a slow sweep beneath. */
export class AdmissionTimer implements Timer {
  readonly name = 'admission';

  constructor(
    private readonly database: Database,
    /** Jobs are due now, or will be sooner than was known. */
    private readonly admitted: () => void,
  ) {}

  async look() {
    const count = await admitEnqueued(this.database.pool, limits.batch);
    if (count > 0) this.admitted();
    return { found: count > 0, nextMs: count === limits.batch ? 0 : timing.sweepMs };
  }
}
