import { limits } from '@baton/contracts';
import { findNextDue, releaseDue, type Database } from '@baton/persistence';
import type { Announcer } from '../announce/announcer.js';
import type { Timer } from './timer.js';

/** Before lanes that others had locked are tried again. */
const busyMs = 20;

/** Lets jobs go when they are due: delayed ones, retries, snoozes. */
export class DueTimer implements Timer {
  readonly name = 'due';
  /** PostgreSQL's time less this process's, milliseconds, when it was last asked. */
  private clockAheadMs = 0;

  constructor(
    private readonly database: Database,
    private readonly announcer: Announcer,
    /** Jobs may have become due, be it that others let them go, or that they are held: their deadlines count from now. */
    private readonly onDue: () => void,
  ) {}

  async look() {
    const { released, openGates, more, busyLanes } = await releaseDue(this.database.pool, limits.batch);
    this.announcer.released(released);
    this.announcer.gates(openGates);
    const found = released.length > 0;
    this.onDue();
    if (more) return { found, nextMs: 0 };
    const { nowMs, dueAtMs } = await findNextDue(this.database.pool);
    this.clockAheadMs = nowMs - Date.now();
    const nextMs = dueAtMs === null ? undefined : Math.max(0, dueAtMs - nowMs);
    // What is due already and was not let go stands in a lane that others have locked.
    return { found, nextMs: nextMs === 0 || busyLanes > 0 ? Math.min(busyMs, nextMs || busyMs) : nextMs };
  }

  /** How long it is until a time of PostgreSQL's clock, milliseconds. */
  untilMs(atMs: number): number {
    return Math.max(0, atMs - (Date.now() + this.clockAheadMs));
  }
}
