import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';

// The key by which every OpenTelemetry SDK knows suppression; keys are global symbols, so the API alone suffices.
const suppressTracingKey = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');

/**
 * Starts what lives long (consumers, timers, pools, listeners) outside every span: begun inside one, it would
 * parent all that it ever does to that span.
 */
export function inRootContext<T>(fn: () => T): T {
  return context.with(ROOT_CONTEXT, fn);
}

/** Runs a sweep or a renewal without spans: nothing begun inside is recorded, whatever instruments it. */
export function withoutTracing<T>(fn: () => T): T {
  return context.with(ROOT_CONTEXT.setValue(suppressTracingKey, true), fn);
}
