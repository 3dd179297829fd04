import {
  sweepIdempotency,
  sweepOperations,
  sweepUploads,
  sweepWorkers,
  type Database,
} from '@baton/persistence';
import type { Timer } from './timer.js';

const lookEveryMs = 600_000;
/** Rows of one statement: bounded, so that nobody waits long for its locks. */
const slice = 5_000;

/** Forgets what has had its time: idempotency keys after 24 h, workers a day after they went, uploads a day after
 * their last job was accepted and when none that names them is left, operations 30 days after their end. */
export class SweepTimer implements Timer {
  readonly name = 'sweep';

  constructor(private readonly database: Database) {}

  async look() {
    const { pool } = this.database;
    const swept = [
      await sweepIdempotency(pool, slice),
      await sweepWorkers(pool, slice),
      await sweepUploads(pool, slice),
      await sweepOperations(pool, slice),
    ];
    return { found: swept.some((count) => count > 0), nextMs: swept.includes(slice) ? 0 : lookEveryMs };
  }
}
