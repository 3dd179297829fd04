import { context as api, isSpanContextValid, trace, type Context } from '@opentelemetry/api';
import { carrierFromHeaders, type HeaderValue } from '../carrier/carrier-headers.js';
import { restoreTrace } from '../carrier/restore-trace.js';

/**
 * The context in which a request's work belongs: the active one where the HTTP server is instrumented, else the
 * caller's own from its headers, else the active (empty) one. So the chain holds with no instrumentation.
 */
export function requestContext(headers: Readonly<Record<string, HeaderValue>>): Context {
  const active = api.active();
  const span = trace.getSpanContext(active);
  if (span !== undefined && isSpanContextValid(span)) return active;
  const carrier = carrierFromHeaders(headers);
  return carrier === undefined ? active : restoreTrace(carrier).context;
}

/** Whether what is done now belongs to a trace. */
export function isTraced(): boolean {
  const span = trace.getSpanContext(api.active());
  return span !== undefined && isSpanContextValid(span);
}

/** Names the active SERVER span by its route (`POST /v1/jobs`), which no instrumentation knows under Fastify. */
export function nameRequestSpan(method: string, route: string): void {
  const span = trace.getActiveSpan();
  span?.updateName(`${method} ${route}`);
  span?.setAttribute('http.route', route);
}
