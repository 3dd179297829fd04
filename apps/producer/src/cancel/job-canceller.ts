import { BatonError, isTerminal } from '@baton/contracts';
import {
  cancelJobs,
  Database,
  inTransaction,
  Notifier,
  readJobs,
  retrying,
  type ReadJob,
  wakeForCancel,
} from '@baton/persistence';
import { Inject, Injectable } from '@nestjs/common';

/** Between two tries at a job that was replayed, or whose lane was made, this very moment. */
const tries = 5;

/** Cancels one job, as its client asks. */
@Injectable()
export class JobCanceller {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Notifier) private readonly notifier: Notifier,
  ) {}

  /**
   * @returns the job as it is then: cancelled, or with its cancel requested
   * @throws BatonError `not_found`; `state_conflict` for a job that has ended already
   */
  async cancel(tenantId: string, id: string, reason: string | undefined): Promise<ReadJob> {
    const { pool } = this.database;
    for (let tried = 1; ; tried++) {
      const report = await inTransaction(pool, (tx) =>
        cancelJobs(tx, [id], { tenantId, reason, wait: true }),
      );
      wakeForCancel((channel, item) => this.notifier.wake(channel, item), report);
      const [job] = await retrying(() => readJobs(pool, tenantId, [id]));
      if (!job) throw new BatonError('not_found', `there is no job ${id}`);
      if (report.cancelled.length + report.requested.length > 0) return job;
      if (isTerminal(job.state))
        throw new BatonError(
          'state_conflict',
          `job ${id} is ${job.state}; only a job that is scheduled, held, queued or running can be cancelled`,
        );
      if (tried === tries)
        throw new BatonError('unavailable', `the lane of job ${id} is busy; ask again in a moment`);
    }
  }
}
