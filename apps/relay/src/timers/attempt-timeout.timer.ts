import { limits } from '@baton/contracts';
import type { BrokerProducer } from '@baton/messaging';
import {
  findOverrunningJobs,
  settleBatch,
  type Database,
  type OverrunningJob,
  type Settlement,
} from '@baton/persistence';
import type { Announcer } from '../announce/announcer.js';
import { tellRefused } from '../control/tell-refused.js';
import type { Timer } from './timer.js';

/** While something runs; the grace after a timeout is 30 s, so nobody minds these. */
const lookEveryMs = 10_000;

export interface AttemptTimeoutOptions {
  database: Database;
  announcer: Announcer;
  /** Absent without a broker. */
  control?: { producer: BrokerProducer; topic: string } | undefined;
  /** Something runs, as far as the last beat of leadership saw. */
  anythingRuns: () => boolean;
}

/** Ends attempts whose worker has not ended them at their timeout, nor in the grace after it: `failed`, `timeout`. */
export class AttemptTimeoutTimer implements Timer {
  readonly name = 'attempt-timeout';

  constructor(private readonly options: AttemptTimeoutOptions) {}

  async look() {
    const { database, announcer, anythingRuns } = this.options;
    const over = await findOverrunningJobs(database.pool, limits.batch);
    const report = await settleBatch(database.pool, over.map(timedOut));
    await announcer.settled(report);
    await this.tell(over);
    const busy = report.settled.some(({ verdict }) => verdict === 'busy');
    if (busy || over.length === limits.batch) return { found: true, nextMs: 1_000 };
    return { found: over.length > 0, nextMs: anythingRuns() ? lookEveryMs : undefined };
  }

  private async tell(over: readonly OverrunningJob[]): Promise<void> {
    const { control } = this.options;
    if (control)
      await tellRefused(
        control.producer,
        control.topic,
        over.filter(({ source }) => source === 'event'),
      );
  }
}

function timedOut(job: OverrunningJob): Settlement {
  const { jobId, attempt, executionId, workerId, tenantId, queue, orderingKey, startedAtMs, timeoutMs } = job;
  return {
    jobId,
    attempt,
    executionId,
    workerId,
    tenantId,
    queue,
    startedAtMs,
    orderingKey: orderingKey ?? undefined,
    kind: 'failed',
    finishedAtMs: Date.now(),
    error: {
      code: 'timeout',
      message: `the attempt ran longer than its timeout of ${timeoutMs} ms`,
      retryable: true,
    },
  };
}
