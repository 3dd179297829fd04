import { BatonError, channels } from '@baton/contracts';
import {
  Database,
  inTransaction,
  Notifier,
  readJobs,
  replayDead,
  retrying,
  useUploads,
  type ReadJob,
  type ReplayParams,
  type ReplayReport,
} from '@baton/persistence';
import { Inject, Injectable } from '@nestjs/common';
import type { SealedPayload } from '../uploads/upload-sealer.js';
import { QueueDoor } from '../queues/door.js';

const publishedWithinMs = 3_000;
const askAgainMs = 100;

/** Replays one dead job at once. */
@Injectable()
export class Replayer {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Notifier) private readonly notifier: Notifier,
    @Inject(QueueDoor) private readonly door: QueueDoor,
  ) {}

  /**
   * @param wanted.queue only a job of this queue; @param wanted.payload JSON, in place of the one with which it died;
   *   @param wanted.sealed the same with the uploads that it names
   * @returns the job as it is then
   * @throws BatonError `payload_invalid`; `not_found`; `state_conflict` for a job that is not dead; `unique_conflict`; `unavailable` while its last
   *   events are not published
   */
  async replay(wanted: {
    tenantId: string;
    id: string;
    queue?: string;
    payload?: string;
    sealed?: SealedPayload | undefined;
  }): Promise<ReadJob> {
    const { tenantId, id, queue, payload, sealed } = wanted;
    const { pool } = this.database;
    if (payload !== undefined) await this.checkPayload(tenantId, id, payload);
    const asked = { tenantId, jobIds: [id], queue, payload: sealed?.payload ?? payload };
    const { replayed, inTheWay, unpublished } = await this.replayPublished(asked, sealed?.uploads ?? []);
    if (replayed.length > 0) this.notifier.wake(channels.timers, '0');
    const [job] = await retrying(() => readJobs(pool, tenantId, [id]));
    if (!job || (queue !== undefined && job.queue !== queue))
      throw new BatonError(
        'not_found',
        `there is no job ${id}${queue === undefined ? '' : ` in queue "${queue}"`}`,
      );
    const other = inTheWay.get(id);
    if (other !== undefined)
      throw new BatonError(
        'unique_conflict',
        `job ${other} is live, and unique by the same as the dead job ${id}`,
      );
    if (unpublished.size > 0)
      throw new BatonError('unavailable', `the last events of job ${id} are still to be published`, {
        retryAfterSeconds: 1,
      });
    if (replayed.length === 0)
      throw new BatonError('state_conflict', `job ${id} is ${job.state}; only a dead job can be replayed`);
    return job;
  }

  /** The relay publishes a job's last events within a moment. */
  private async replayPublished(wanted: ReplayParams, uploads: readonly string[]): Promise<ReplayReport> {
    const [jobId] = wanted.jobIds;
    for (const until = performance.now() + publishedWithinMs; ;) {
      const report = await inTransaction(this.database.pool, async (tx) => {
        const told = await replayDead(tx, wanted);
        if (told.replayed.length > 0)
          await useUploads(
            tx,
            uploads.map((uploadId) => ({ uploadId, jobId: jobId! })),
          );
        return told;
      });
      if (report.unpublished.size === 0 || performance.now() > until) return report;
      await new Promise((resolve) => setTimeout(resolve, askAgainMs));
    }
  }

  /** Another payload must fit the queue's schema, as one that is posted. What is wrong with the job itself is told after. */
  private async checkPayload(tenantId: string, id: string, payload: string): Promise<void> {
    const [job] = await retrying(() => readJobs(this.database.pool, tenantId, [id]));
    if (job) await this.door.fits({ queue: job.queue, payload: JSON.parse(payload) as unknown });
  }
}
