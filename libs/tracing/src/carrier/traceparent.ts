import { isValidSpanId, isValidTraceId, TraceFlags, type SpanContext } from '@opentelemetry/api';

// https://www.w3.org/TR/trace-context/#traceparent-header. Later versions may append fields; ff is forbidden.
const pattern = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;

/** Where the flags' second digit stands in a traceparent of version 00. */
const flagsDigit = 54;

export type TraceparentIds = Pick<SpanContext, 'traceId' | 'spanId' | 'traceFlags'>;

/** Ids and flags of a `traceparent`, or undefined when it breaks the standard (all-zero ids among others). */
export function parseTraceparent(traceparent: string): TraceparentIds | undefined {
  const match = pattern.exec(traceparent);
  if (match === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = match;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return undefined;
  if (!isValidTraceId(traceId) || !isValidSpanId(spanId)) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) };
}

export function formatTraceparent({ traceId, spanId, traceFlags }: TraceparentIds): string {
  return `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`;
}

/** Asked for every job at every hop, so it looks at one digit and parses nothing else. */
export function traceparentIsSampled(traceparent: string): boolean {
  return (Number.parseInt(traceparent.charAt(flagsDigit), 16) & TraceFlags.SAMPLED) !== 0;
}
