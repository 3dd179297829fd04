import { hash } from 'node:crypto';

/**
 * Ids of spans are derived from what the span is about, so that whoever knows the facts can draw the very same
 * span: a rescuer that ends a dead worker's run, a settle that names the run as its parent without having seen
 * it, a replay after the collector was away. First 8 bytes of SHA-256, 16 hex digits, never all zero.
 */
export function derivedSpanId(...facts: readonly (string | number)[]): string {
  const id = digest(facts).slice(0, 16);
  return id === '0000000000000000' ? '0000000000000001' : id;
}

/** The id of `worker.run`: one for each execution of an attempt. */
export function runSpanId(jobId: string, attempt: number, executionId: string): string {
  return derivedSpanId(jobId, attempt, executionId);
}

/** The trace of a job that came with no usable context: every hop finds the same one. 32 hex digits. */
export function derivedTraceId(jobId: string): string {
  return digest(['trace', jobId]).slice(0, 32);
}

function digest(facts: readonly (string | number)[]): string {
  return hash('sha256', facts.join(':'), 'hex');
}

interface WantedIds {
  spanId?: string | undefined;
  traceId?: string | undefined;
}

// On the global object, not in this module: the SDK's generator and the spans' code may be two copies of this
// file (a bundle beside a source), and a wish that only one of them sees would silently cost the chain its link.
const wanted: WantedIds = ((globalThis as { [key: symbol]: WantedIds | undefined })[
  Symbol.for('baton.tracing.ids')
] ??= {});

/**
 * Runs `start` (synchronous: it starts one span) so that the span gets these ids. The SDK asks for the span id
 * before the trace id, so neither is cleared until `start` has returned.
 */
export function withIds<T>(ids: WantedIds, start: () => T): T {
  wanted.spanId = ids.spanId;
  wanted.traceId = ids.traceId;
  try {
    return start();
  } finally {
    wanted.spanId = undefined;
    wanted.traceId = undefined;
  }
}

/** What the SDK's id generator is to use for the span being started, if anything. */
export function wantedIds(): Readonly<WantedIds> {
  return wanted;
}
