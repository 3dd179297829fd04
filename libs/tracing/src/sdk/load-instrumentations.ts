import { register as registerThread } from 'node:module';
import { register, supportsSyncHooks } from 'import-in-the-middle/register-hooks.mjs';
import { registerInstrumentations, type Instrumentation } from '@opentelemetry/instrumentation';
import type { TracerProvider } from '@opentelemetry/sdk-trace';
import type { InstrumentationName } from './tracing-config.js';

/** Paths that are asked every few seconds by machines. */
const unwatched = new Set(['/healthz', '/readyz', '/metrics']);

/** The modules that are patched as they load. undici reports by a diagnostics channel and needs no patch. */
const hooked = ['http', 'https', 'pg', 'pg-pool', 'ioredis'];

/**
 * Each instrumentation is loaded by itself from among those that `@opentelemetry/auto-instrumentations-node`
 * brings: that package's own entry loads all of its forty first, about a second of CPU at every start. kafkajs's
 * is never loaded: it overwrites the job's context in the record's headers.
 *
 * No instrumentation begins a trace but the HTTP server's: a query or a request outside of any span is Baton's
 * own house-keeping.
 */
const load: Record<InstrumentationName, () => Promise<Instrumentation>> = {
  http: async () => {
    const { HttpInstrumentation } = await import('@opentelemetry/instrumentation-http');
    return new HttpInstrumentation({
      requireParentforOutgoingSpans: true,
      ignoreIncomingRequestHook: ({ url = '' }) => unwatched.has(url.split('?', 1)[0] ?? ''),
    });
  },
  undici: async () => {
    const { UndiciInstrumentation } = await import('@opentelemetry/instrumentation-undici');
    return new UndiciInstrumentation({ requireParentforSpans: true });
  },
  pg: async () => {
    const { PgInstrumentation } = await import('@opentelemetry/instrumentation-pg');
    return new PgInstrumentation({ requireParentSpan: true, ignoreConnectSpans: true });
  },
  ioredis: async () => {
    const { IORedisInstrumentation } = await import('@opentelemetry/instrumentation-ioredis');
    return new IORedisInstrumentation({ requireParentSpan: true });
  },
};

/** Before the application is imported. Without the module hook, what is an ES module stays unpatched, silently. */
export async function loadInstrumentations(
  wanted: readonly InstrumentationName[],
  tracerProvider: TracerProvider,
): Promise<void> {
  if (wanted.length === 0) return;
  hookModules();
  const loaded = await Promise.all(wanted.map((name) => load[name]()));
  registerInstrumentations({ tracerProvider, instrumentations: loaded });
}

/**
 * In this thread, where Node can: the thread of their own that hooks had before held 37 MB for the life of the process,
 * and cost every start a third of its CPU time.
 */
function hookModules(): void {
  const options = { include: [...hooked] };
  if (supportsSyncHooks()) return register(options);
  registerThread('@opentelemetry/instrumentation/hook.mjs', import.meta.url, { data: options });
}
