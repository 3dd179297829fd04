import { spanKindNames, statusNames, type AttributeValue, type SpanRecord } from './span-record.js';

// The parts of OTLP's JSON form that are read here: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding

interface AnyValue {
  stringValue?: string;
  boolValue?: boolean;
  /** A string or a number: 64 bits do not fit JSON's. */
  intValue?: string | number;
  doubleValue?: number;
  arrayValue?: { values?: AnyValue[] };
}
type KeyValue = { key: string; value?: AnyValue };

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind?: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: KeyValue[];
  links?: { traceId: string; spanId: string }[];
  status?: { code?: number; message?: string };
}

export interface OtlpTraces {
  resourceSpans?: {
    resource?: { attributes?: KeyValue[] };
    scopeSpans?: { scope?: { name?: string }; spans?: OtlpSpan[] }[];
  }[];
}

/** The spans of one export request. */
export function spansOfOtlp(body: OtlpTraces): SpanRecord[] {
  return (body.resourceSpans ?? []).flatMap(({ resource, scopeSpans = [] }) => {
    const service = String(attributesOf(resource?.attributes)['service.name'] ?? 'unknown');
    return scopeSpans.flatMap(({ scope, spans = [] }) =>
      spans.map((span) => toRecord(span, service, scope?.name ?? '')),
    );
  });
}

function toRecord(span: OtlpSpan, service: string, scope: string): SpanRecord {
  const start = BigInt(span.startTimeUnixNano);
  return {
    traceId: span.traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId || undefined,
    name: span.name,
    kind: spanKindNames[(span.kind ?? 1) - 1] ?? 'internal',
    service,
    scope,
    start: Number(start / 1_000n) / 1_000,
    durationMs: Number(BigInt(span.endTimeUnixNano) - start) / 1e6,
    status: statusNames[span.status?.code ?? 0] ?? 'unset',
    statusMessage: span.status?.message || undefined,
    attributes: attributesOf(span.attributes),
    links: (span.links ?? []).map(({ traceId, spanId }) => ({ traceId, spanId })),
  };
}

function attributesOf(pairs: readonly KeyValue[] = []): Record<string, AttributeValue> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, valueOf(value)]));
}

function valueOf(value: AnyValue = {}): AttributeValue {
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(valueOf);
  if (value.intValue !== undefined) return Number(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? '';
}
