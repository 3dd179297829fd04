import { cancelKey, type CancelledJob } from '@baton/contracts';

/**
 * The cancels that `baton.control` names: all that were requested and may still concern a record that somebody reads.
 * The relay writes a job's entry while its cancel is wanted, and its tombstone when no worker can read its record any
 * more; so this holds what is under way, not what ever was.
 */
export class CancelledJobs {
  /** By the keys of their entries. */
  private readonly jobs = new Map<string, CancelledJob>();

  add(job: CancelledJob): void {
    this.jobs.set(cancelKey(job.jobId), job);
  }

  /** @param key of a tombstone, perhaps of another sort of entry */
  forget(key: string): void {
    this.jobs.delete(key);
  }

  /** The cancel of this release of the job, if one was requested. */
  of({ jobId, attempt }: { jobId: string; attempt: number }): CancelledJob | undefined {
    const job = this.jobs.get(cancelKey(jobId));
    // A release after the request is not the one whose cancel was wanted.
    return job && attempt <= job.attempt ? job : undefined;
  }
}
