import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Settlement } from '../settle/settlement.js';
import { settleBatch } from '../settle/settle-batch.js';
import { claimJobs } from '../sql/claim-jobs.sql.js';
import type { ClaimedJob } from '../sql/claimed-job.js';
import { registerWorker } from '../sql/register-worker.sql.js';
import { newJob, testAcceptor } from '../accept/testing.js';
import type { NewJob } from '../accept/new-job.js';
import type { SeededTenant, TestDatabase } from '../testing.js';

type Taken = Pick<
  ClaimedJob,
  'jobId' | 'attempt' | 'executionId' | 'tenantId' | 'queue' | 'orderingKey' | 'follows' | 'claimedAtMs'
>;

/** A queue with limits: its clients, its worker, and what its gates say. */
export class LimitedQueue {
  readonly acceptor;
  readonly wakes;
  private workerId: string | undefined;

  constructor(
    private readonly test: TestDatabase,
    readonly tenant: SeededTenant,
  ) {
    ({ acceptor: this.acceptor, wakes: this.wakes } = testAcceptor(test.database.pool));
  }

  /** Columns of `baton.queue`. */
  async set(settings: Record<string, unknown>): Promise<void> {
    const names = Object.keys(settings);
    await this.test.database.pool.query(
      `UPDATE baton.queue SET ${names.map((name, i) => `${name} = $${i + 2}`).join(', ')} WHERE name = $1`,
      [this.tenant.queue, ...Object.values(settings)],
    );
  }

  /** Accepts jobs, each in a request of its own, in order. @returns their ids */
  async post(jobs: readonly Partial<NewJob>[], tenant = this.tenant): Promise<string[]> {
    const accepted = [];
    for (const fields of jobs) {
      const request = { tenantId: tenant.tenantId, jobs: [newJob(this.tenant.queue, fields)] };
      accepted.push(await this.acceptor.accept(request));
    }
    return accepted.map(({ jobs: [job] }) => job!.id);
  }

  /** Accepts jobs in one request. */
  async postAll(jobs: readonly Partial<NewJob>[]): Promise<void> {
    const { tenantId } = this.tenant;
    await this.acceptor.accept({ tenantId, jobs: jobs.map((fields) => newJob(this.tenant.queue, fields)) });
  }

  async claim(slots = 100): Promise<ClaimedJob[]> {
    const workerId = await this.worker();
    const executionIds = Array.from({ length: slots }, () => randomUUID());
    const { queue } = this.tenant;
    return claimJobs(this.test.database.pool, { workerId, queues: [queue], executionIds, extendLease: true });
  }

  /** What was released, as a worker gets it: by a claim, or from its topic. */
  async take(): Promise<Taken[]> {
    const claimed = await this.claim();
    if (claimed.length > 0) return claimed;
    const { rows } = await this.test.database.pool.query<Taken>(
      `SELECT id AS "jobId", attempt, gen_random_uuid() AS "executionId", tenant_id AS "tenantId", queue,
         ordering_key AS "orderingKey", follows, 0 AS "claimedAtMs"
       FROM baton.job WHERE queue = $1 AND state = 'queued' AND mode = 'event' ORDER BY priority, id`,
      [this.tenant.queue],
    );
    return rows;
  }

  private async worker(): Promise<string> {
    if (!this.workerId) {
      this.workerId = randomUUID();
      const worker = { id: this.workerId, source: 'polling' as const, host: hostname(), pid: process.pid };
      await registerWorker(this.test.database.pool, { ...worker, queues: [this.tenant.queue] });
    }
    return this.workerId;
  }

  say(job: Taken, kind: Settlement['kind'] = 'succeeded', more: Partial<Settlement> = {}): Settlement {
    return {
      jobId: job.jobId,
      attempt: job.attempt,
      executionId: job.executionId,
      workerId: this.workerId!,
      tenantId: job.tenantId,
      queue: job.queue,
      orderingKey: job.orderingKey ?? undefined,
      follows: job.follows,
      kind,
      startedAtMs: job.claimedAtMs,
      finishedAtMs: job.claimedAtMs + 5,
      ...(kind === 'succeeded' && { result: { kind: 'json' as const, json: '1' } }),
      ...(kind === 'failed' && {
        error: { code: 'handler_error' as const, message: 'boom', retryable: true },
      }),
      ...more,
    };
  }

  settle(...said: Settlement[]) {
    return settleBatch(this.test.database.pool, said, { random: () => 0.5 });
  }

  /** As a worker that has so many free slots. */
  settleOffering(slots: number, said: readonly Settlement[]) {
    const executionIds = Array.from({ length: slots }, () => randomUUID());
    const offer = { workerId: this.workerId!, queues: [this.tenant.queue], executionIds };
    return settleBatch(this.test.database.pool, said, { random: () => 0.5, offer });
  }

  /** How many jobs are in each state, for a held one with its reason. */
  async states(): Promise<Record<string, number>> {
    const { rows } = await this.test.database.pool.query<{ state: string; n: number }>(
      `SELECT state || coalesce(' ' || reason, '') AS state, count(*)::int AS n FROM baton.job WHERE queue = $1 GROUP BY 1`,
      [this.tenant.queue],
    );
    return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
  }

  /** What each gate counts, and what the jobs' rows say that it should. */
  async gates(): Promise<{ key: string; running: number; holders: number; due: boolean }[]> {
    const { rows } = await this.test.database.pool.query<{
      key: string;
      running: number;
      holders: number;
      due: boolean;
    }>(
      `SELECT g.key, g.running, g.due_at IS NOT NULL AS due, (
         SELECT count(*)::int FROM baton.job j WHERE j.queue = g.queue AND CASE WHEN g.key = '' THEN j.slots & 2 <> 0
           ELSE j.slots & 1 <> 0 AND j.concurrency_key = g.key AND j.tenant_id = g.tenant_id END
       ) AS holders FROM baton.gate g WHERE g.queue = $1 ORDER BY g.key, g.tenant_id`,
      [this.tenant.queue],
    );
    return rows;
  }
}
