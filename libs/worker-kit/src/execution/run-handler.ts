import { context } from '@opentelemetry/api';
import { startRunSpan } from '@baton/tracing';
import type { ServedHandler } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import { callHandler } from './call-handler.js';
import type { Execution } from './execution.js';
import type { HandlerEnd } from './judge.js';

/** Runs the handler, here or in a thread, inside the execution's `worker.run` span. Never rejects. */
export function runHandler(execution: Execution, handler: ServedHandler, log: Log): Promise<HandlerEnd> {
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
  if (handler.threads) return handler.threads.run(execution, log);
  return context.with(execution.span.context, () => callHandler(execution, handler, log));
}
