import { attributeNames, spanNames } from '@baton/tracing';
import type { OtlpSink, SpanRecord } from '@baton/tracing/testing';

export function isOf(span: SpanRecord, jobId: string): boolean {
  return span.attributes[attributeNames.jobId] === jobId;
}
const ofJob = (spans: readonly SpanRecord[], jobId: string): SpanRecord[] =>
  spans.filter((span) => isOf(span, jobId));

/**
 * Waits until a job's trace has arrived to its last span, and gives what Baton itself drew of it, so that a tree
 * does not depend on which libraries are instrumented.
 * @param options.runs how many executions it must have
 * @param options.settles false where not each of them was settled, such as that of a killed worker
 */
export async function traceOf(
  sink: OtlpSink,
  jobId: string,
  { runs = 1, settles = true } = {},
): Promise<SpanRecord[]> {
  const complete = (spans: readonly SpanRecord[]): boolean => {
    const own = ofJob(spans, jobId);
    const count = (name: string): number => own.filter((span) => span.name === name).length;
    const produced = own.some((span) => span.name.startsWith(spanNames.produce));
    const ofEachRun = [spanNames.ackWake, spanNames.run, settles && spanNames.settle].filter(
      (name) => name !== false,
    );
    return produced && ofEachRun.every((name) => count(name) >= runs) && count(spanNames.deliver) > 0;
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
