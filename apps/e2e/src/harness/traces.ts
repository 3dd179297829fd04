import { attributeNames, spanNames } from '@baton/tracing';
import type { OtlpSink, SpanRecord } from '@baton/tracing/testing';

const ofJob = (spans: readonly SpanRecord[], jobId: string): SpanRecord[] =>
  spans.filter((span) => span.attributes[attributeNames.jobId] === jobId);

/**
 * Waits until a job's trace has arrived to its last span, and gives what Baton itself drew of it, so that a tree
 * does not depend on which libraries are instrumented.
 */
export async function traceOf(sink: OtlpSink, jobId: string): Promise<SpanRecord[]> {
  const complete = (spans: readonly SpanRecord[]): boolean => {
    const own = ofJob(spans, jobId);
    const names = new Set(own.map((span) => span.name));
    const produced = own.some((span) => span.name.startsWith(spanNames.produce));
    return (
      produced &&
      [spanNames.ackWake, spanNames.run, spanNames.settle, spanNames.deliver].every((name) => names.has(name))
    );
  };
  const spans = await sink.waitFor(complete, 15_000);
  const traceId = ofJob(spans, jobId)[0]!.traceId;
  const baton = spans.filter((span) => span.traceId === traceId && span.scope === 'baton');
  const known = new Set(baton.map((span) => span.spanId));
  // The request's own span is the instrumentation's, not Baton's: without it, `produce` is the root.
  const inTrace = new Set(sink.spansOfTrace(traceId).map((span) => span.spanId));
  return baton.map((span) =>
    span.parentSpanId !== undefined && !known.has(span.parentSpanId) && inTrace.has(span.parentSpanId)
      ? { ...span, parentSpanId: undefined }
      : span,
  );
}
