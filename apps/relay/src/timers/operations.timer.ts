import { timing } from '@baton/contracts';
import { type Database, findNextOperation, workOperation } from '@baton/persistence';
import type { Announcer } from '../announce/announcer.js';
import type { Timer } from './timer.js';

/**
 * Works off operations on many jobs, slice by slice, each operation in turn and at its rate. Where an operation is, its row
 * says; so another leader goes on where this one stopped.
 */
export class OperationsTimer implements Timer {
  readonly name = 'operations';

  constructor(
    private readonly database: Database,
    private readonly announcer: Announcer,
  ) {}

  async look() {
    const { pool } = this.database;
    const slice = await workOperation(pool);
    if (slice?.cancels) await this.announcer.cancelled(slice.cancels);
    if (slice?.replayed) this.announcer.due(0);
    if (slice) return { found: true, nextMs: 0 };
    const nextMs = await findNextOperation(pool);
    return { found: false, nextMs: nextMs === undefined ? timing.sweepMs : Math.max(0, nextMs) };
  }
}
