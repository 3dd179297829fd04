import {
  findUnnamedExecutions,
  rescueExecutions,
  type Database,
  type OwnedJob,
  type Released,
} from '@baton/persistence';

interface Heartbeat {
  readonly workerId: string;
  readonly offset: bigint;
  readonly executionIds: readonly string[];
}

/**
 * Finds executions that their workers know nothing of any more, by the inbox's own clock: a heartbeat counts once all
 * that was said before it is applied. Named neither by one heartbeat nor by a later one of its worker, an execution is
 * missing. One alone proves nothing: a `started` that came after it may have been applied before it is looked at.
 */
export class MissingExecutions {
  /** Read, and not all before them applied, by partition; in order. */
  private readonly open = new Map<number, Heartbeat[]>();
  /** The last that counts of each worker, since the last look. */
  private counted = new Map<string, readonly string[]>();
  /** Not named by the last heartbeat that was looked at, by worker. */
  private readonly unnamed = new Map<string, ReadonlySet<string>>();

  constructor(private readonly database: Database) {}

  heard(partition: number, heartbeat: Heartbeat): void {
    const open = this.open.get(partition);
    if (open) open.push(heartbeat);
    else this.open.set(partition, [heartbeat]);
  }

  /** All below `next` is applied. */
  applied(partition: number, next: bigint): void {
    const open = this.open.get(partition);
    while (open?.[0] && open[0].offset < next) {
      const { workerId, executionIds } = open.shift()!;
      this.counted.set(workerId, executionIds);
    }
  }

  /** Another replica hears them from now on. */
  lose(partition: number): void {
    this.open.delete(partition);
    this.counted.clear();
    this.unnamed.clear();
  }

  /** Looks at the heartbeats that count by now. @returns what was released again */
  async look(): Promise<{ jobs: OwnedJob[]; released: Released[] }> {
    const counted = this.counted;
    this.counted = new Map();
    const workerIds = [...counted.keys()];
    if (workerIds.length === 0) return { jobs: [], released: [] };
    const named = [...counted.values()].flat();
    const unnamed = new Set(await findUnnamedExecutions(this.database.pool, workerIds, named));
    const missing = workerIds.flatMap((id) =>
      [...(this.unnamed.get(id) ?? [])].filter((e) => unnamed.has(e)),
    );
    for (const id of workerIds) {
      if (unnamed.size > 0) this.unnamed.set(id, unnamed);
      else this.unnamed.delete(id);
    }
    if (missing.length === 0) return { jobs: [], released: [] };
    return rescueExecutions(this.database.pool, { workerIds, executionIds: missing });
  }
}
