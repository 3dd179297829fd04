import { auditJobs, type Queryable } from '@baton/persistence';
import { jobsUnaccounted } from '@baton/tracing';

/** The audit scans the live jobs: however often metrics are asked for, not more often than this. */
const auditEveryMs = 60_000;

interface Collected {
  collect?: () => Promise<void>;
}

/**
 * Has the audit's gauge read when metrics are asked for, by the replica that is the reporter then; the others show 0.
 * @returns leaves the gauge as it is from then on
 */
export function collectAudit(db: Queryable, isReporter: () => boolean): () => void {
  let auditedAt = -Infinity;
  let reading: Promise<void> | undefined;
  const read = async (): Promise<void> => {
    if (!isReporter()) {
      jobsUnaccounted.set(0);
      return;
    }
    if (performance.now() - auditedAt < auditEveryMs) return;
    const { unaccounted } = await auditJobs(db, { examples: 0 });
    auditedAt = performance.now();
    jobsUnaccounted.set(unaccounted);
  };
  const gauge = jobsUnaccounted as Collected;
  gauge.collect = () => (reading ??= read().finally(() => (reading = undefined)));
  return () => {
    delete gauge.collect;
  };
}
