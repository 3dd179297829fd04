import { context, propagation, trace, type HrTime } from '@opentelemetry/api';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace';
import { installProvider } from '../sdk/install-provider.js';
import { makeSampler } from '../sdk/keeping-sampler.js';
import type { SamplerName } from '../sdk/tracing-config.js';
import { spanKindNames, statusNames, type AttributeValue, type SpanRecord } from './span-record.js';

export interface CollectOptions {
  /** By default `test`. */
  service?: string;
  /** By default everything is sampled that its parent does not forbid. */
  sampler?: SamplerName;
  samplerRatio?: number;
}

export interface SpanCollector {
  /** What has ended so far, in the order in which it ended. */
  spans(): SpanRecord[];
  reset(): void;
  /** Takes the SDK out of the process again. */
  close(): Promise<void>;
}

/** Traces this test process with the same ids, context and sampling as a service, into memory. */
export function collectSpans(options: CollectOptions = {}): SpanCollector {
  const { service = 'test', sampler = 'parentbased_always_on', samplerRatio = 1 } = options;
  const exporter = new InMemorySpanExporter();
  const provider = installProvider({
    resource: resourceFromAttributes({ 'service.name': service }),
    sampler: makeSampler({ sampler, samplerRatio }),
    spanProcessors: [new SimpleSpanProcessor({ exporter })],
  });
  return {
    spans: () => exporter.getFinishedSpans().map(toRecord),
    reset: () => exporter.reset(),
    close: async () => {
      await provider.shutdown();
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

function toRecord(span: ReadableSpan): SpanRecord {
  const { traceId, spanId } = span.spanContext();
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId,
    name: span.name,
    kind: spanKindNames[span.kind] ?? 'internal',
    service: String(span.resource.attributes['service.name']),
    scope: span.instrumentationScope.name,
    start: toMs(span.startTime),
    durationMs: toMs(span.duration),
    status: statusNames[span.status.code],
    statusMessage: span.status.message,
    attributes: span.attributes as Record<string, AttributeValue>,
    links: span.links.map((link) => ({ traceId: link.context.traceId, spanId: link.context.spanId })),
  };
}

function toMs([seconds, nanos]: HrTime): number {
  return seconds * 1_000 + nanos / 1e6;
}
