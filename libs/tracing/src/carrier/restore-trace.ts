import { ROOT_CONTEXT, trace, type Context } from '@opentelemetry/api';
import { traceBroken } from '../metrics/continuity.js';
import { readBaggage } from './carried-baggage.js';
import { CarriedTraceState, maxTracestateChars } from './carried-trace-state.js';
import type { BrokenTrace, TraceCarrier } from './trace-carrier.js';
import { parseTraceparent } from './traceparent.js';

export interface RestoredTrace {
  /** Holds the carried span as remote parent, and the allowed baggage; nothing of what is active here. */
  context: Context;
  /** Set when there was no usable context: then `context` is the root, and a span begun in it begins a trace. */
  broken?: BrokenTrace;
}

/** The context to work under for a job that was accepted elsewhere. A broken one is counted and never an error. */
export function restoreTrace(carrier: TraceCarrier | undefined): RestoredTrace {
  if (carrier === undefined || carrier.traceparent === '') return broken('missing');
  const ids = parseTraceparent(carrier.traceparent);
  if (ids === undefined) return broken('malformed');
  const { tracestate, baggage } = carrier;
  const traceState =
    tracestate && tracestate.length <= maxTracestateChars ? new CarriedTraceState(tracestate) : undefined;
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    ...ids,
    isRemote: true,
    ...(traceState === undefined ? {} : { traceState }),
  });
  return { context: baggage ? readBaggage(context, baggage) : context };
}

function broken(reason: BrokenTrace): RestoredTrace {
  traceBroken.inc({ reason });
  return { context: ROOT_CONTEXT, broken: reason };
}
