import { randomUUID } from 'node:crypto';
import type { DispatchMode } from '@baton/contracts';
import { uuidv7 } from 'uuidv7';
import { newJob, testAcceptor } from '../accept/testing.js';
import { cancelJobs, endRequested } from '../cancel/cancel-jobs.js';
import { passGates } from '../limits/pass-gates.js';
import { releaseDue } from '../relay/release-due.js';
import { rescueWorker } from '../relay/rescue-worker.js';
import { settleBatch } from '../settle/settle-batch.js';
import type { JobFailure, Settlement, Verdict } from '../settle/settlement.js';
import { claimJobs } from '../sql/claim-jobs.sql.js';
import type { ClaimedJob } from '../sql/claimed-job.js';
import { findOverdueCancels } from '../sql/find-cancels.sql.js';
import { noTenant } from '../sql/gate-key.js';
import { registerWorker } from '../sql/register-worker.sql.js';
import { seedTenant, type SeededTenant } from '../testing/seed.js';
import type { TestDatabase } from '../testing/test-database.js';
import { inTransaction } from '../transaction/transaction.js';
import type { Ending, ModelLimits } from './model.fixture.js';

export const hourMs = 3_600_000;

/** One entry of a handler, as a worker remembers it. */
export interface Execution {
  jobId: string;
  attempt: number;
  executionId: string;
  lane: string | undefined;
}

/** What the engine says of a job. */
export interface EngineJob {
  id: string;
  state: string;
  reason: string | null;
  attempt: number;
  failures: number;
  slots: number;
}

const kinds = {
  succeeded: { kind: 'succeeded', result: { kind: 'json', json: '1' } },
  failed: { kind: 'failed', error: failure(true) },
  fatal: { kind: 'failed', error: failure(false) },
  snoozed: { kind: 'snoozed' },
  cancelled: { kind: 'cancelled' },
  released: { kind: 'released' },
} as const satisfies Record<Ending, Partial<Settlement>>;

function failure(retryable: boolean): JobFailure {
  return { code: 'handler_error', message: 'on purpose', retryable };
}

function executionOf({ jobId, attempt, executionId, orderingKey }: ClaimedJob): Execution {
  return { jobId, attempt, executionId, lane: orderingKey ?? undefined };
}

/** The real engine on a queue and a tenant of its own, in the words of the model's commands. */
export class Engine {
  private readonly acceptor: ReturnType<typeof testAcceptor>['acceptor'];
  private workerId = randomUUID();

  private constructor(
    private readonly test: TestDatabase,
    readonly tenant: SeededTenant,
    readonly mode: DispatchMode,
  ) {
    this.acceptor = testAcceptor(test.database.pool).acceptor;
  }

  static async open(test: TestDatabase, mode: DispatchMode): Promise<Engine> {
    const engine = new Engine(test, await seedTenant(test.database, mode), mode);
    await engine.register();
    return engine;
  }

  /** What is left would come due in a later run. */
  async close(): Promise<void> {
    await this.test.database.pool.query('DELETE FROM baton.job WHERE tenant_id = $1', [this.tenant.tenantId]);
    await this.test.database.pool.query('DELETE FROM baton.lane WHERE tenant_id = $1', [
      this.tenant.tenantId,
    ]);
  }

  async accept(job: {
    lane: string | undefined;
    key: string | undefined;
    priority: number;
    maxAttempts: number;
    delay: number;
  }): Promise<string> {
    const { lane, key, priority, maxAttempts, delay } = job;
    const made = newJob(this.tenant.queue, {
      orderingKey: lane,
      concurrencyKey: key,
      priority,
      maxAttempts,
      backoff: { type: 'fixed', delay: hourMs },
      ...(delay > 0 && { delayMs: delay * hourMs }),
    });
    await this.acceptor.accept({ tenantId: this.tenant.tenantId, jobs: [made] });
    return made.id;
  }

  /** Polling: claims. @returns what was claimed, in order */
  async claim(count: number): Promise<Execution[]> {
    const executionIds = Array.from({ length: count }, uuidv7);
    const rows = await claimJobs(this.test.database.pool, {
      workerId: this.workerId,
      queues: [this.tenant.queue],
      executionIds,
      extendLease: true,
    });
    return rows.map(executionOf);
  }

  async say(execution: Execution, ending: Ending | 'started'): Promise<Verdict> {
    const report = await settleBatch(this.test.database.pool, [this.settlement(execution, ending)]);
    return report.settled[0]!.verdict;
  }

  /** Polling: offers a free slot for what the end lets go. Whoever waits for a claim has waited for long. */
  async sayAndTake(
    execution: Execution,
    ending: Ending,
  ): Promise<{ verdict: Verdict; handed: Execution | undefined }> {
    const offer = { workerId: this.workerId, queues: [this.tenant.queue], executionIds: [uuidv7()] };
    const said = this.settlement(execution, ending);
    await this.test.database.pool.query(
      `UPDATE baton.job SET queued_at = queued_at - interval '1 min' WHERE queue = $1 AND state = 'queued'`,
      [this.tenant.queue],
    );
    const { settled, handed = [] } = await settleBatch(this.test.database.pool, [said], { offer });
    return { verdict: settled[0]!.verdict, handed: handed.map(executionOf)[0] };
  }

  private settlement(execution: Execution, ending: Ending | 'started'): Settlement {
    const now = Date.now();
    const { lane, ...ids } = execution;
    return {
      ...ids,
      workerId: this.workerId,
      ...this.tenant,
      orderingKey: lane,
      startedAtMs: now,
      finishedAtMs: now,
      retryAtMs: ending === 'snoozed' ? now + hourMs : undefined,
      ...(ending === 'started' ? { kind: 'started' as const } : kinds[ending]),
    };
  }

  /** The worker's lease runs out, and another begins. */
  async rescue(): Promise<void> {
    await this.test.shiftClock(20_000);
    await rescueWorker(this.test.database.pool, { workerId: this.workerId, reason: 'lease' });
    await this.register();
  }

  async tick(): Promise<void> {
    await this.test.shiftClock(hourMs);
    const overdue = await findOverdueCancels(this.test.database.pool, 500);
    await inTransaction(this.test.database.pool, (tx) => endRequested(tx, overdue));
    for (let more = true; more;) ({ more } = await releaseDue(this.test.database.pool, 500));
  }

  async cancel(jobId: string): Promise<void> {
    await inTransaction(this.test.database.pool, (tx) => cancelJobs(tx, [jobId], { wait: true }));
  }

  async setLimits({ total, perKey, paused }: ModelLimits, keys: readonly string[]): Promise<void> {
    const { queue, tenantId } = this.tenant;
    await this.test.database.pool.query(
      `UPDATE baton.queue SET concurrency_total = $2, concurrency_per_key = $3,
        paused_at = CASE WHEN $4 THEN baton.now() END WHERE name = $1`,
      [queue, total ?? null, perKey ?? null, paused],
    );
    await inTransaction(this.test.database.pool, async (tx) => {
      for (const key of keys) tx.touchGate({ queue, key, tenantId });
      tx.touchGate({ queue, key: '', tenantId: noTenant });
      await passGates(tx);
    });
  }

  async jobs(): Promise<EngineJob[]> {
    const { rows } = await this.test.database.pool.query<EngineJob>(
      `SELECT id, state, reason, attempt, failures, slots FROM baton.job WHERE tenant_id = $1
       UNION ALL SELECT id, state, NULL, attempt, failures, 0 FROM baton.job_history WHERE tenant_id = $1 ORDER BY id`,
      [this.tenant.tenantId],
    );
    return rows;
  }

  /** How many slots the queue's gates believe to be taken. */
  async slotsTaken(): Promise<Record<string, number>> {
    const { rows } = await this.test.database.pool.query<{ key: string; running: number }>(
      'SELECT key, running FROM baton.gate WHERE queue = $1 AND running <> 0',
      [this.tenant.queue],
    );
    return Object.fromEntries(rows.map(({ key, running }) => [key, running]));
  }

  private async register(): Promise<void> {
    this.workerId = randomUUID();
    await registerWorker(this.test.database.pool, {
      id: this.workerId,
      source: this.mode,
      host: 'model',
      pid: 1,
      queues: [this.tenant.queue],
    });
  }
}
