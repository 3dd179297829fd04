import { diag, ProxyTracerProvider, trace } from '@opentelemetry/api';

/** What came of a flush: `absent` without an SDK, `failed` when spans were lost (they are counted). */
export type FlushResult = 'flushed' | 'timed-out' | 'failed' | 'absent';

interface FlushOptions {
  /** Milliseconds after which it is left; by default 5 s. */
  timeoutMs?: number;
}

/** Sends what has ended so far. Never throws: tracing must not break what it watches. */
export function flushTracing(options: FlushOptions = {}): Promise<FlushResult> {
  return callProvider('forceFlush', options);
}

/** Sends what has ended and stops. After the drain: a span that ends later is lost. */
export function shutdownTracing(options: FlushOptions = {}): Promise<FlushResult> {
  return callProvider('shutdown', options);
}

async function callProvider(
  method: 'forceFlush' | 'shutdown',
  { timeoutMs = 5_000 }: FlushOptions,
): Promise<FlushResult> {
  const given = trace.getTracerProvider();
  const provider = given instanceof ProxyTracerProvider ? given.getDelegate() : given;
  if (!can(provider, method)) return 'absent';
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      provider[method]().then((): FlushResult => 'flushed'),
      new Promise<FlushResult>((resolve) => {
        timer = setTimeout(resolve, timeoutMs, 'timed-out');
      }),
    ]);
  } catch (error) {
    diag.error(`tracing: ${method} failed`, error);
    return 'failed';
  } finally {
    clearTimeout(timer);
  }
}

function can<M extends string>(provider: object, method: M): provider is Record<M, () => Promise<void>> {
  return typeof (provider as Record<string, unknown>)[method] === 'function';
}
