import { limits, timing } from '@baton/contracts';
import { claimJobs, readParents, WorkerLostError, type ClaimedJob, type Database } from '@baton/persistence';
import { claimPolls, wakes } from '@baton/tracing';
import { uuidv7 } from 'uuidv7';
import type { ServedHandlers } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import { Outage } from '../outage.js';
import type { ClaimGroup } from './claim-group.js';
import { claimGroups } from './claim-group.js';

/** How soon a claim that PostgreSQL did not answer is tried again. */
const retryMs = 250;

export interface ClaimerOptions {
  database: Database;
  handlers: ServedHandlers;
  log: Log;
  /** How many more jobs of the queue may be taken now. */
  room: (queue: string) => number;
  /** The incarnation to claim for; undefined while there is none. */
  workerId: () => string | undefined;
  /** @param parents of jobs that depend on others, by the job's id, as `readParents` tells them */
  onClaimed: (rows: readonly ClaimedJob[], workerId: string, parents: ReadonlyMap<string, string>) => void;
  /** The worker was given up: a claim for it is refused. */
  onLost: (workerId: string) => void;
  /** No answer came, so jobs may be claimed that we do not know of. */
  onUncertain: () => void;
}

/**
 * Claims jobs in batches sized by the free slots: when woken, and again at once while batches come back full.
 * idle → claiming (a group is hungry and there is room) → idle. At most one claim is in flight.
 */
export class Claimer {
  private readonly groups: ClaimGroup[];
  private scheduled = false;
  private claiming: Promise<void> | undefined;
  private stopped = false;
  private extendedAt = -Infinity;

  private readonly outage: Outage;

  constructor(private readonly options: ClaimerOptions) {
    this.outage = new Outage(options.log, 'claiming');
    this.groups = claimGroups(options.handlers);
  }

  /** There may be jobs in these queues; without queues: in any. */
  wake(source: 'notify' | 'sweep', queues?: readonly string[]): void {
    const woken = this.groups.filter(
      (group) => !queues || group.queues.some((queue) => queues.includes(queue)),
    );
    if (woken.length === 0) return;
    wakes.labels(source).inc();
    this.feed(woken);
  }

  /** A job of this queue was just released by this very process. */
  released(queue: string): void {
    this.feed(this.groups.filter((group) => group.queues.includes(queue)));
  }

  /** Slots may have become free. */
  resume(): void {
    if (this.scheduled || this.stopped) return;
    this.scheduled = true;
    // Jobs that end in the same turn of the event loop make room for one claim, not for one each.
    setImmediate(() => {
      this.scheduled = false;
      this.claimNext();
    });
  }

  /** Claims no more; resolves when the claim in flight has been answered and handed over. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.claiming;
  }

  private feed(groups: readonly ClaimGroup[]): void {
    for (const group of groups) group.hungry = true;
    this.resume();
  }

  private claimNext(): void {
    if (this.stopped || this.claiming) return;
    const workerId = this.options.workerId();
    const index = this.groups.findIndex((group) => group.hungry && this.roomOf(group) > 0);
    const group = this.groups[index];
    if (!workerId || !group) return;
    // To the end of the line, so that the groups are served in turn.
    this.groups.push(...this.groups.splice(index, 1));
    this.claiming = this.claim(group, workerId).finally(() => {
      this.claiming = undefined;
      this.claimNext();
    });
  }

  private roomOf(group: ClaimGroup): number {
    return Math.min(limits.batch, this.options.room(group.queues[0] ?? ''));
  }

  private async claim(group: ClaimGroup, workerId: string): Promise<void> {
    const { database, onClaimed, onLost, onUncertain } = this.options;
    const executionIds = Array.from({ length: this.roomOf(group) }, uuidv7);
    const now = performance.now();
    const extendLease = now - this.extendedAt > timing.leaseRenewMs / 2;
    // Whoever wakes it from here on means jobs that this claim may not see.
    group.hungry = false;
    try {
      const rows = await claimJobs(database.pool, {
        workerId,
        queues: group.inTurn(),
        executionIds,
        turns: group.turns.due(executionIds.length),
        extendLease,
      });
      this.outage.worked();
      group.turns.took(rows.length);
      if (extendLease) this.extendedAt = now;
      claimPolls.labels(rows.length === 0 ? 'empty' : 'jobs').inc();
      if (rows.length === executionIds.length) group.hungry = true;
      const dependent = rows.filter((row) => row.parents > 0).map((row) => row.jobId);
      onClaimed(rows, workerId, await readParents(database.pool, dependent));
    } catch (error) {
      group.hungry = true;
      if (error instanceof WorkerLostError) {
        this.extendedAt = -Infinity;
        onLost(workerId);
        return;
      }
      this.outage.failed(error);
      onUncertain();
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }
}
