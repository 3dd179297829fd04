import { byStart, type SpanRecord } from './span-record.js';

export interface TraceNode {
  span: SpanRecord;
  children: TraceNode[];
  /** Its parent is named but not there. */
  orphan: boolean;
}

export interface ForestOptions {
  /** Leaves spans out; their children move up to the nearest ancestor that is kept. */
  keep?: (span: SpanRecord) => boolean;
  /** Ids of parents that lie outside of what is looked at: a caller's own span. */
  externalParents?: readonly string[];
}

/** The trees of the spans: roots and siblings by the time at which they began. */
export function traceForest(spans: readonly SpanRecord[], options: ForestOptions = {}): TraceNode[] {
  const { keep = () => true, externalParents = [] } = options;
  const ordered = uniqueSpans(spans).toSorted(byStart);
  const byId = new Map(ordered.map((span) => [keyOf(span), span]));
  const nodes = new Map<string, TraceNode>(
    ordered.filter(keep).map((span) => [keyOf(span), { span, children: [], orphan: false }]),
  );
  const roots: TraceNode[] = [];
  for (const node of nodes.values()) {
    let parent = parentOf(node.span, byId);
    node.orphan = isOrphan(node.span, parent, externalParents);
    while (parent !== undefined && !nodes.has(keyOf(parent))) parent = parentOf(parent, byId);
    const siblings = parent === undefined ? roots : nodes.get(keyOf(parent))?.children;
    siblings?.push(node);
  }
  return roots;
}

function isOrphan(span: SpanRecord, parent: SpanRecord | undefined, external: readonly string[]): boolean {
  return span.parentSpanId !== undefined && parent === undefined && !external.includes(span.parentSpanId);
}

export function parentOf(span: SpanRecord, byId: ReadonlyMap<string, SpanRecord>): SpanRecord | undefined {
  return span.parentSpanId === undefined ? undefined : byId.get(`${span.traceId}/${span.parentSpanId}`);
}

/** A span drawn again (a replay, a zombie's word after its rescue) is one span; the last drawing counts. */
export function uniqueSpans(spans: readonly SpanRecord[]): SpanRecord[] {
  return [...new Map(spans.map((span) => [keyOf(span), span])).values()];
}

export function keyOf(span: { traceId: string; spanId: string }): string {
  return `${span.traceId}/${span.spanId}`;
}
