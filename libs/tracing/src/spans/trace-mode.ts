import { trace, type Context, type Link } from '@opentelemetry/api';

/** Beyond these a job gets a trace of its own, linked to the one it came from: no trace grows for ever. */
export const traceBounds = { delayMs: 3_600_000, fanOut: 100 } as const;

export interface TraceModeOptions {
  /** How long after its acceptance the job is due. */
  delayMs?: number | undefined;
  /** How many jobs the same request or parent makes. */
  fanOut?: number | undefined;
  /** A firing of a cron schedule. */
  scheduled?: boolean | undefined;
}

/** `link` for cron firings, delays over an hour and fan-outs over 100; else the trace goes on. */
export function traceMode(options: TraceModeOptions): 'continue' | 'link' {
  const { delayMs = 0, fanOut = 0, scheduled = false } = options;
  return scheduled || delayMs > traceBounds.delayMs || fanOut > traceBounds.fanOut ? 'link' : 'continue';
}

/**
 * The context in which a new job's trace begins, and the link to where it came from. Chosen once, when the job is
 * accepted; retries stay in the trace.
 */
export function startTraceFor(options: TraceModeOptions, from: Context): { context: Context; links: Link[] } {
  if (traceMode(options) === 'continue') return { context: from, links: [] };
  const origin = trace.getSpanContext(from);
  return { context: trace.deleteSpan(from), links: origin === undefined ? [] : [{ context: origin }] };
}
