import { timing } from '@baton/contracts';
import { renewLease, type Database, type Released } from '@baton/persistence';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';

export interface LeaseKeeperOptions {
  database: Database;
  log: Log;
  workerId: () => string | undefined;
  /** Everything that runs or is not settled yet. */
  executionIds: () => string[];
  onReleased: (released: readonly Released[]) => void;
  onLost: (workerId: string) => void;
  /** The lease was renewed: whatever else is looked at from time to time while jobs run is looked at now. */
  onRenewed: () => void;
}

/** An uncertain claim is found missing only when it is two renewals old. */
const uncertainRenewals = 3;

/**
 * Renews the worker's lease each 5 s while it owns anything. resting → renewing (`hold`) → resting once a renewal
 * finds nothing owned and no claim uncertain.
 */
export class LeaseKeeper {
  private timer: NodeJS.Timeout | undefined;
  private uncertain = 0;
  private stopped = false;
  private readonly outage: Outage;

  constructor(private readonly options: LeaseKeeperOptions) {
    this.outage = new Outage(options.log, 'renewing the lease');
  }

  /** The worker owns something. */
  hold(): void {
    if (this.stopped) return;
    this.timer ??= setTimeout(() => void this.renew(), timing.leaseRenewMs);
  }

  /** PostgreSQL may believe that the worker owns what it does not know of: renewals will tell it. */
  doubt(): void {
    this.uncertain = uncertainRenewals;
    this.hold();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  private async renew(): Promise<void> {
    this.timer = undefined;
    const { database, onReleased, onLost, onRenewed } = this.options;
    const workerId = this.options.workerId();
    const executionIds = this.options.executionIds();
    if (executionIds.length === 0 && this.uncertain === 0) return;
    this.hold();
    if (workerId === undefined) return;
    try {
      const { alive, released } = await renewLease(database.pool, { workerId, executionIds });
      this.outage.worked();
      this.uncertain = Math.max(0, this.uncertain - 1);
      if (!alive) return onLost(workerId);
      onReleased(released);
      onRenewed();
    } catch (error) {
      this.outage.failed(error);
    }
  }
}
