import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { JobState } from '@baton/contracts';
import { settleBatch } from '../settle/settle-batch.js';
import type { Settlement, SettleReport } from '../settle/settlement.js';
import { claimJobs } from '../sql/claim-jobs.sql.js';
import { registerWorker } from '../sql/register-worker.sql.js';
import type { SeededTenant, TestDatabase } from '../testing.js';

export interface StoredJob {
  state: JobState;
  reason: string | null;
  pending_parents: number;
  error: string | null;
  payload: string;
}

/** A polling worker of one queue that does what a test says. */
export class TestWorker {
  private readonly id = randomUUID();

  private constructor(
    private readonly test: TestDatabase,
    private readonly tenant: SeededTenant,
  ) {}

  static async register(test: TestDatabase, tenant: SeededTenant): Promise<TestWorker> {
    const worker = new TestWorker(test, tenant);
    await registerWorker(test.database.pool, {
      id: worker.id,
      source: 'polling',
      host: hostname(),
      pid: process.pid,
      queues: [tenant.queue],
    });
    return worker;
  }

  /** Claims all that is released, and says how each ended. */
  async outcomes(kind: Settlement['kind'] = 'succeeded', slots = 500): Promise<Settlement[]> {
    const jobs = await claimJobs(this.test.database.pool, {
      workerId: this.id,
      queues: [this.tenant.queue],
      executionIds: Array.from({ length: slots }, () => randomUUID()),
      extendLease: true,
    });
    return jobs.map((job) => ({
      jobId: job.jobId,
      attempt: job.attempt,
      executionId: job.executionId,
      workerId: this.id,
      tenantId: job.tenantId,
      queue: job.queue,
      orderingKey: job.orderingKey ?? undefined,
      follows: job.follows,
      kind,
      startedAtMs: job.claimedAtMs,
      finishedAtMs: job.claimedAtMs + 5,
      ...(kind === 'succeeded' && { result: { kind: 'json', json: `"of ${job.jobId}"` } }),
      ...(kind === 'failed' && { error: { code: 'handler_fatal', message: 'boom', retryable: false } }),
    }));
  }

  /** Claims, runs and settles all that is released. */
  async run(kind: Settlement['kind'] = 'succeeded'): Promise<SettleReport> {
    return settleBatch(this.test.database.pool, await this.outcomes(kind));
  }
}

export async function storedJob(test: TestDatabase, id: string): Promise<StoredJob> {
  const columns = 'state::text, reason, pending_parents, payload';
  const { rows } = await test.database.pool.query<StoredJob>(
    `SELECT ${columns}, NULL AS error FROM baton.job WHERE id = $1
     UNION ALL SELECT ${columns}, error FROM baton.job_history WHERE id = $1`,
    [id],
  );
  expect(rows).toHaveLength(1);
  return rows[0]!;
}
