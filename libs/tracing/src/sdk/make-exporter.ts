import type { SpanExporter } from '@opentelemetry/sdk-trace';
import type { ExporterName } from './tracing-config.js';

/** The OTLP exporter, which reads its own endpoint, headers and time-outs. Loaded only where it is used. */
export async function makeExporter(name: ExporterName): Promise<SpanExporter | undefined> {
  if (name === 'none') return undefined;
  const { OTLPTraceExporter } =
    name === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto');
  return new OTLPTraceExporter();
}
