import { limits } from '@baton/contracts';
import { findNextSchedule, type FiringDoor, fireSchedules, type Database } from '@baton/persistence';
import { jobsAccepted } from '@baton/tracing';
import type { Announcer } from '../announce/announcer.js';
import type { Timer } from './timer.js';

/** Before schedules whose lanes others had locked are tried again. */
const busyMs = 20;

/** Fires schedules at their times, and sleeps until the next; a change of one wakes it. */
export class ScheduleTimer implements Timer {
  readonly name = 'schedule';

  constructor(
    private readonly database: Database,
    private readonly announcer: Announcer,
    private readonly door: FiringDoor,
  ) {}

  async look() {
    const { pool } = this.database;
    const fired = await fireSchedules(pool, limits.batch, this.door);
    this.announcer.accepted(fired);
    for (const { queue } of fired.inserted) jobsAccepted.inc({ queue });
    if (fired.schedules > fired.busy) return { found: true, nextMs: 0 };
    const { nowMs, nextAtMs } = await findNextSchedule(pool);
    if (nextAtMs === null) return { found: false, nextMs: undefined };
    // What is due already was locked by somebody else, or its lane was.
    return { found: false, nextMs: Math.max(nextAtMs - nowMs, busyMs) };
  }
}
