import { findNextGate, pumpGates, regateQueues, type Database } from '@baton/persistence';
import type { Announcer } from '../announce/announcer.js';
import type { Timer } from './timer.js';

/** Gates of one look. */
const gatesAtOnce = 100;

/**
 * Lets jobs through limits as their tokens come, and after a change of limits, a pause or its end.
 *
 * Between looks it sleeps until the next gate is due; who comes to stand where nothing but a token is missing wakes it.
 * A change of settings is marked at its queue, so that one made while no relay ran is found at the start.
 */
export class GatesTimer implements Timer {
  readonly name = 'gates';
  private settingsChanged = true;
  /** PostgreSQL's time less this process's, milliseconds, when it was last asked. */
  private clockAheadMs = 0;

  constructor(
    private readonly database: Database,
    private readonly announcer: Announcer,
  ) {}

  /** Some queue's settings may have changed: the next look is at all gates of those that have. */
  queuesChanged(): void {
    this.settingsChanged = true;
  }

  async look() {
    const { pool } = this.database;
    let found = false;
    if (this.settingsChanged) {
      this.settingsChanged = false;
      try {
        found = await regateQueues(pool, (released) => this.announcer.released(released));
      } catch (error) {
        this.settingsChanged = true;
        throw error;
      }
    }
    const { released, more } = await pumpGates(pool, gatesAtOnce);
    this.announcer.released(released);
    found ||= released.length > 0;
    if (more) return { found, nextMs: 0 };
    const { nowMs, dueAtMs } = await findNextGate(pool);
    this.clockAheadMs = nowMs - Date.now();
    return { found, nextMs: dueAtMs === null ? undefined : Math.max(0, dueAtMs - nowMs) };
  }

  /** How long it is until a time of PostgreSQL's clock, milliseconds. */
  untilMs(atMs: number): number {
    return Math.max(0, atMs - (Date.now() + this.clockAheadMs));
  }
}
