import { startOtlpSink, traceTree, type SpanRecord } from '@baton/tracing/testing';

/** Where the services send their spans while `npm start` runs, and how a trace is shown. */
export interface TraceCollector {
  /** The variables that make a service send its spans here. */
  environment: Readonly<Record<string, string>>;
  /** Draws the trace as a tree once its spans tell of a delivered result, or with what is there after `withinMs`. */
  drawTrace(traceId: string, withinMs: number): Promise<string>;
  /** From now on spans are taken and soon forgotten: a deployment that stays up must not fill this process. */
  forgetSoon(): void;
  close(): Promise<void>;
}

const forgetEveryMs = 15_000;

export async function collectTraces(): Promise<TraceCollector> {
  const sink = await startOtlpSink();
  let forgetting: NodeJS.Timeout | undefined;
  return {
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: sink.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' },
    async drawTrace(traceId, withinMs) {
      const ofTrace = (spans: SpanRecord[]): SpanRecord[] => spans.filter((span) => span.traceId === traceId);
      const late = await sink
        .waitFor((spans) => isWhole(ofTrace(spans)), withinMs)
        .then(
          () => '',
          () => `(not all spans came within ${withinMs / 1000} s)\n`, // what did come is worth showing
        );
      return late + traceTree(sink.spansOfTrace(traceId));
    },
    forgetSoon() {
      forgetting ??= setInterval(() => sink.reset(), forgetEveryMs);
      forgetting.unref();
    },
    async close() {
      clearInterval(forgetting);
      await sink.close();
    },
  };
}

/** Delivered, and every span's parent is there: services export on their own, up to half a second apart. */
function isWhole(spans: readonly SpanRecord[]): boolean {
  const ids = new Set(spans.map((span) => span.spanId));
  const names = new Set(spans.map((span) => span.name));
  const isDelivered = names.has('result.settle') && names.has('result.deliver');
  return isDelivered && spans.every((span) => span.parentSpanId === undefined || ids.has(span.parentSpanId));
}
