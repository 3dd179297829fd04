import { context } from '@opentelemetry/api';
import { startRunSpan } from '@baton/tracing';
import type { ServedHandler } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import { callHandler } from './call-handler.js';
import type { Execution } from './execution.js';
import type { UploadSource } from '../uploads/upload.js';
import type { HandlerEnd } from './judge.js';
import type { ResultKeeper } from './result-keeper.js';

/** Runs the handler, here or in a thread, inside the execution's `worker.run` span. Never rejects. */
export function runHandler(
  execution: Execution,
  handler: ServedHandler,
  { log, results, uploads }: { log: Log; results: ResultKeeper; uploads: UploadSource | undefined },
): Promise<HandlerEnd> {
  const { jobId, tenantId, queue, attempt, executionId, carrier } = execution.delivery;
  const run = {
    jobId,
    tenant: tenantId,
    queue,
    attempt,
    executionId,
    carrier,
    startTime: execution.startedAtMs,
  };
  execution.span = startRunSpan(run);
  if (handler.threads)
    return handler.threads.run(execution, log).then((end) => keepFromThread(end, execution, results));
  return context.with(execution.span.context, () =>
    callHandler(execution, handler, { log, uploads, keep: (value, of) => results.keep(value, of) }),
  );
}

/** A thread knows of no store: what it returned is put in its place here. */
async function keepFromThread(
  end: HandlerEnd,
  execution: Execution,
  results: ResultKeeper,
): Promise<HandlerEnd> {
  if (end.how !== 'judged' || end.outcome.kind !== 'succeeded') return end;
  try {
    const result = await results.place(end.outcome.result, execution);
    return { ...end, outcome: { kind: 'succeeded', result } };
  } catch (error) {
    return { how: 'threw', error };
  }
}
