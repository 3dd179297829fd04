import type { RecordRefusedError } from '@baton/messaging';
import { settleBatch, type Database, type SettleReport } from '@baton/persistence';
import { uuidv7 } from 'uuidv7';
import type { SendableRow } from './job-record.js';

/** Ends jobs whose record the broker will never take: dead, `refused_by_broker`. Their lanes' next may go. */
export function refuseJobs(
  database: Database,
  replicaId: string,
  refused: readonly { sent: SendableRow; error: RecordRefusedError }[],
): Promise<SettleReport> {
  return settleBatch(
    database.pool,
    refused.map(({ sent: { row, job }, error }) => ({
      jobId: row.jobId,
      attempt: row.attempt,
      // Nothing entered its handler: the refusal stands in for the execution, the relay for the worker.
      executionId: uuidv7(),
      workerId: replicaId,
      tenantId: job.tenantId,
      queue: row.queue,
      orderingKey: job.orderingKey ?? undefined,
      kind: 'failed',
      startedAtMs: Date.now(),
      error: { code: 'refused_by_broker', message: error.message, retryable: false },
    })),
  );
}
