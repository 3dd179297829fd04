import { createContextKey, type Context } from '@opentelemetry/api';

const keepKey = createContextKey('baton.tracing.keep');

/**
 * Marks a context so that a root span begun in it is kept whatever the ratio says: a batch with a sampled job in
 * it, a job whose context was broken, a span drawn again. The decision was made elsewhere; a dice throw here
 * would break it.
 */
export function keepSpan(context: Context): Context {
  return context.setValue(keepKey, true);
}

export function mustKeep(context: Context): boolean {
  return context.getValue(keepKey) === true;
}
