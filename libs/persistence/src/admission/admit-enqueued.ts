import { inRootContext, restoreTrace, startProduceSpan, type ProduceSpan } from '@baton/tracing';
import type { Pool } from 'pg';
import { type AdmissibleJob, admitJobs, lockAdmissible } from '../sql/admit-jobs.sql.js';
import { inTransaction } from '../transaction/transaction.js';

/**
 * Admits jobs that were enqueued in callers' own transactions, which have committed by now: they become `scheduled`, and
 * the due machinery gives them their places and lets them go. Here, too, each job's trace begins, in its caller's.
 * @returns how many; as many as `limit`: there may be more
 */
export async function admitEnqueued(pool: Pool, limit: number): Promise<number> {
  const { jobs, spans } = await inTransaction(pool, async (tx) => {
    const jobs = await lockAdmissible(tx, limit);
    const spans = jobs.map(produceSpan);
    await admitJobs(
      tx,
      jobs.map(({ id }, i) => {
        const { traceparent, tracestate = null, baggage = null } = spans[i]!.carrier;
        return { id, traceparent, tracestate, baggage };
      }),
    );
    return { jobs, spans };
  });
  for (const span of spans) span.end();
  return jobs.length;
}

function produceSpan(job: AdmissibleJob): ProduceSpan {
  const { traceparent, tracestate, baggage } = job;
  const span = {
    jobId: job.id,
    tenant: job.tenantId,
    queue: job.queue,
    delayMs: Math.max(0, job.delayMs),
    startTime: job.createdAtMs,
  };
  // A caller that gave no context has none: that is no broken one.
  if (traceparent === null) return inRootContext(() => startProduceSpan(span));
  const carrier = { traceparent, tracestate: tracestate ?? undefined, baggage: baggage ?? undefined };
  return startProduceSpan({ ...span, parent: restoreTrace(carrier).context });
}
