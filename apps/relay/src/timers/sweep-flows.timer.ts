import {
  sweepDependencies,
  sweepFlows,
  sweepUniqueKeys,
  type Database,
  type Queryable,
  type Swept,
} from '@baton/persistence';
import type { Timer } from './timer.js';

const lookEveryMs = 600_000;
/** Between slices in which nothing was old: most of these tables is young, and nobody waits for the end of the walk. */
const pauseMs = 1_000;
/** Rows of one statement; a flow has up to 10,000 jobs to look for. */
const slice = 1_000;
const flowSlice = 100;

/** A walk over a table, slice by slice. @returns rows deleted; undefined once it has come to the end */
type Walk = (db: Queryable) => Promise<number | undefined>;

/** Walks over what dependencies, flows and unique keys have left, and forgets that whose jobs are gone. */
export class SweepFlowsTimer implements Timer {
  readonly name = 'sweep-flows';
  private walks: Walk[] = [];

  constructor(private readonly database: Database) {}

  async look() {
    if (this.walks.length === 0)
      this.walks = [
        walk(sweepDependencies, slice),
        walk(sweepFlows, flowSlice),
        walk(sweepUniqueKeys, slice),
      ];
    let found = 0;
    for (const each of [...this.walks]) {
      const swept = await each(this.database.pool);
      if (swept === undefined) this.walks = this.walks.filter((other) => other !== each);
      else found += swept;
    }
    const pause = found > 0 ? 0 : pauseMs;
    return { found: found > 0, nextMs: this.walks.length === 0 ? lookEveryMs : pause };
  }
}

function walk<Place>(
  sweep: (db: Queryable, limit: number, after?: Place) => Promise<Swept<Place>>,
  limit: number,
): Walk {
  let after: Place | undefined;
  let ended = false;
  return async (db) => {
    if (ended) return undefined;
    const { swept, next } = await sweep(db, limit, after);
    after = next;
    ended = next === undefined;
    return swept;
  };
}
