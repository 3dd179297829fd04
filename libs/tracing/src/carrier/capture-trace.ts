import { randomUUID } from 'node:crypto';
import { context as api, isSpanContextValid, trace, TraceFlags, type Context } from '@opentelemetry/api';
import { maxTracestateChars } from './carried-trace-state.js';
import { writeBaggage } from './carried-baggage.js';
import type { TraceCarrier } from './trace-carrier.js';
import { formatTraceparent } from './traceparent.js';

/**
 * The context to store with a job, sampled or not. Call it when the job is accepted, not when a group of jobs
 * is flushed: by then another job's context may be the active one.
 *
 * Without a valid span in the context (no SDK, nothing active) it makes new random ids, unsampled, so that the
 * job's hops can still be joined by their trace id.
 */
export function captureTrace(context: Context = api.active()): TraceCarrier {
  const span = trace.getSpanContext(context);
  const baggage = writeBaggage(context);
  if (span === undefined || !isSpanContextValid(span)) return { traceparent: newTraceparent(), baggage };
  const tracestate = span.traceState?.serialize();
  return {
    traceparent: formatTraceparent(span),
    tracestate: tracestate !== undefined && isKept(tracestate) ? tracestate : undefined,
    baggage,
  };
}

function isKept(tracestate: string): boolean {
  return tracestate.length > 0 && tracestate.length <= maxTracestateChars;
}

/** Random ids from UUIDs: they are never all zero, and Node keeps entropy ready for them (0.1 µs, not 2). */
function newTraceparent(): string {
  const hex = (): string => randomUUID().replaceAll('-', '');
  return formatTraceparent({ traceId: hex(), spanId: hex().slice(16), traceFlags: TraceFlags.NONE });
}
