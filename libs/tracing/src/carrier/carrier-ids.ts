import type { TraceCarrier } from './trace-carrier.js';
import { parseTraceparent, traceparentIsSampled } from './traceparent.js';

/** True when spans of the job are kept. A string check: ask it before making anything for a span. */
export function isSampled(carrier: TraceCarrier | undefined): boolean {
  return carrier !== undefined && traceparentIsSampled(carrier.traceparent);
}

/** The trace id to show or log for a job; undefined when it has no usable context. */
export function traceIdOf(carrier: TraceCarrier | undefined): string | undefined {
  return carrier && parseTraceparent(carrier.traceparent)?.traceId;
}
