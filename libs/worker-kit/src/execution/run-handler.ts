import { context } from '@opentelemetry/api';
import { startRunSpan, type RunSpan } from '@baton/tracing';
import { BatonError } from '@baton/contracts';
import { isObservable, lastValueFrom } from 'rxjs';
import { JobContext } from '../handler/job-context.js';
import type { ServedHandler } from '../handler/served-handlers.js';
import type { Log } from '../log.js';
import type { Execution } from './execution.js';
import type { HandlerEnd } from './judge.js';

/** Runs the handler with Nest's pipeline around it, inside the execution's `worker.run` span. Never rejects. */
export function runHandler(
  execution: Execution,
  handler: ServedHandler,
  log: Log,
): { span: RunSpan; end: Promise<HandlerEnd> } {
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
  const span = startRunSpan(run);
  return { span, end: context.with(span.context, () => call(execution, handler, log)) };
}

async function call(execution: Execution, { handle }: ServedHandler, log: Log): Promise<HandlerEnd> {
  try {
    const payload = parsePayload(execution.delivery.payload);
    const returned: unknown = await handle(payload, new JobContext(execution, log));
    // An interceptor makes an Observable of it.
    return {
      how: 'returned',
      value: isObservable(returned) ? await lastValueFrom(returned, { defaultValue: null }) : returned,
    };
  } catch (error) {
    return { how: 'threw', error };
  }
}

function parsePayload(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch (error) {
    throw new BatonError('undecodable', `the payload is not JSON: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
