import { timing } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import {
  findLostPollingWorkers,
  findSilentWorkers,
  rescueWorker,
  type Database,
  type LostWorker,
  type OwnedJob,
} from '@baton/persistence';
import { jobsSettled, rescues } from '@baton/tracing';
import type { Logger } from 'pino';
import type { Announcer } from '../announce/announcer.js';
import { tellRefused } from '../control/tell-refused.js';
import type { BeatFacts } from '../leadership/shard-follower.js';
import { endLostRun } from './end-lost-run.js';
import type { Timer } from './timer.js';

export interface RescueOptions {
  database: Database;
  announcer: Announcer;
  /** Absent without a broker. */
  control?: { producer: BrokerProducer; topic: string } | undefined;
  /** What runs, as the last beat of leadership saw it. */
  facts: () => BeatFacts;
  /** Since this replica's session of leadership was opened anew, milliseconds; Infinity if it never was. */
  sinceReconnectMs: () => number;
  log: Logger;
  graceMs?: number;
}

/** A look this much later than the one before it proves nothing with it: the process may have been frozen. */
const looksBelongTogetherMs = 5_000;

/**
 * Finds workers that are gone, and releases what they ran.
 *
 * It looks each half second while the last beat of leadership saw that something runs, and sleeps else: so nothing
 * is asked beyond that beat at rest, and a polling worker's death is seen within 1 s of its first job and 0.5 s
 * after. A session must be missing, or a lease be over, at two looks; silence is by the inbox's clock and needs one.
 */
export class RescueTimer implements Timer {
  readonly name = 'rescue';
  /** Workers missing at the last look, by when they were first. */
  private suspects = new Map<string, number>();
  private lookedAt = -Infinity;

  constructor(private readonly options: RescueOptions) {}

  async look() {
    const { pollingRuns, eventPartitions } = this.options.facts();
    const lost: LostWorker[] = [];
    if (pollingRuns) lost.push(...(await this.lostPolling()));
    if (eventPartitions.length > 0) lost.push(...(await findSilentWorkers(this.options.database.pool)));
    await this.rescueAll(lost);
    const awake = pollingRuns || eventPartitions.length > 0;
    return { found: lost.length > 0, nextMs: awake ? timing.rescueLookMs : undefined };
  }

  /** One that cannot be rescued now, since a lane of its jobs is locked elsewhere, is looked at again and keeps no other waiting. */
  private async rescueAll(lost: readonly LostWorker[]): Promise<void> {
    const { log } = this.options;
    for (const worker of lost) {
      try {
        await this.rescue(worker);
      } catch (error) {
        log.warn(
          { err: error, workerId: worker.workerId },
          'a worker could not be rescued yet; it is tried again',
        );
      }
    }
  }

  private async lostPolling(): Promise<LostWorker[]> {
    const { database, graceMs = timing.rescueGraceMs, sinceReconnectMs } = this.options;
    if (sinceReconnectMs() < graceMs) return [];
    const now = performance.now();
    const before = now - this.lookedAt < looksBelongTogetherMs ? this.suspects : new Map<string, number>();
    const missing = await findLostPollingWorkers(database.pool, { graceMs });
    this.lookedAt = now;
    this.suspects = new Map(missing.map(({ workerId }) => [workerId, before.get(workerId) ?? now]));
    // Timers fire a little early: the second look is any later one that is half a second after the first.
    return missing.filter(({ workerId }) => now - this.suspects.get(workerId)! >= timing.rescueLookMs - 10);
  }

  private async rescue(worker: LostWorker): Promise<void> {
    const { database, announcer, log } = this.options;
    const rescue = await rescueWorker(database.pool, worker);
    this.suspects.delete(worker.workerId);
    if (!rescue) return;
    await announcer.settled(rescue.report);
    for (const { settlement } of rescue.report.settled)
      jobsSettled.inc({ queue: settlement.queue, outcome: 'dead' });
    log.warn(
      {
        workerId: worker.workerId,
        reason: worker.reason,
        jobs: rescue.jobs.length,
        crashLoops: rescue.report.settled.map(({ settlement }) => settlement.jobId),
      },
      'a worker is gone; its jobs run again',
    );
    for (const job of rescue.jobs) {
      rescues.inc({ queue: job.queue, reason: worker.reason });
      endLostRun(job);
    }
    if (worker.reason === 'silence') await this.tell(worker, rescue.jobs);
  }

  /** Should the worker live after all, it stops what it runs in vain. */
  private async tell({ workerId }: LostWorker, jobs: readonly OwnedJob[]): Promise<void> {
    const { control, log } = this.options;
    if (!control) return;
    try {
      await tellRefused(control.producer, control.topic, jobs);
    } catch (error) {
      log.warn(
        { err: error, workerId },
        'a lost worker could not be told; what it still says is refused all the same',
      );
    }
  }
}
