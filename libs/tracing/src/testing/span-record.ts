export type SpanKindName = 'internal' | 'server' | 'client' | 'producer' | 'consumer';
export type AttributeValue = string | number | boolean | readonly AttributeValue[];

/** A finished span as tests read it, whether it came from this process or over OTLP from another. */
export interface SpanRecord {
  traceId: string;
  spanId: string;
  /** Absent at the root. */
  parentSpanId?: string | undefined;
  name: string;
  kind: SpanKindName;
  /** `service.name` of the process. */
  service: string;
  /** The tracer's name: `baton` for those made by hand. */
  scope: string;
  /** Epoch milliseconds, with fractions. */
  start: number;
  durationMs: number;
  status: 'unset' | 'ok' | 'error';
  statusMessage?: string | undefined;
  attributes: Readonly<Record<string, AttributeValue>>;
  links: readonly { traceId: string; spanId: string }[];
}

/** In OTLP's order, which starts at 1, and in the API's, which starts at 0. */
export const spanKindNames: readonly SpanKindName[] = [
  'internal',
  'server',
  'client',
  'producer',
  'consumer',
];
export const statusNames = ['unset', 'ok', 'error'] as const;

/** Earlier first; of two that began together the name decides, so that the order is the same each time. */
export function byStart(a: SpanRecord, b: SpanRecord): number {
  return a.start - b.start || (a.name < b.name ? -1 : Number(a.name > b.name));
}
