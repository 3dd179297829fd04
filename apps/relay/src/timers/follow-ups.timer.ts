import { limits, timing } from '@baton/contracts';
import { findFollowUps, workOffFollowUps, type Database } from '@baton/persistence';
import type { Announcer } from '../announce/announcer.js';
import type { Timer } from './timer.js';

/** Slices of one look; then others of its process have their turn. */
const slices = 20;

/**
 * Tells the dependants of ended jobs what those who ended them have left: the rest of a large fan-out, or what a crash
 * came between. Woken by `baton_follow_ups`; beneath it a slow sweep.
 */
export class FollowUpsTimer implements Timer {
  readonly name = 'follow-ups';

  constructor(
    private readonly database: Database,
    private readonly announcer: Announcer,
  ) {}

  async look() {
    const { pool } = this.database;
    const parents = await findFollowUps(pool, limits.batch);
    if (parents.length === 0) return { found: false, nextMs: timing.sweepMs };
    const { released, openGates, cancelled, dueNow, left, fault } = await workOffFollowUps(pool, parents, {
      slices,
    });
    this.announcer.released(released);
    this.announcer.gates(openGates);
    if (dueNow) this.announcer.due(0);
    await this.announcer.ended(cancelled);
    if (fault !== undefined) throw new Error('dependants are still to be told', { cause: fault });
    const more = left.length > 0 || parents.length === limits.batch;
    return { found: true, nextMs: more ? 0 : timing.sweepMs };
  }
}
