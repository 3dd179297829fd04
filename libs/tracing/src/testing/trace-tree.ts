import { attributeNames } from '../spans/span-names.js';
import { byStart, type AttributeValue, type SpanRecord } from './span-record.js';
import { keyOf, traceForest, uniqueSpans, type ForestOptions, type TraceNode } from './trace-forest.js';

export interface TraceTreeOptions extends ForestOptions {
  /** For golden files: no times, no ids; what is left is the same in each run. */
  normalise?: boolean;
  /** Attributes to show, with a short name each; by default those that tell what happened. */
  attributes?: Readonly<Record<string, string>>;
}

const shown: Readonly<Record<string, string>> = {
  [attributeNames.attempt]: 'attempt',
  [attributeNames.outcome]: 'outcome',
  [attributeNames.tier]: 'tier',
  [attributeNames.channel]: 'channel',
  [attributeNames.deliveryAttempt]: 'delivery',
  [attributeNames.httpStatus]: 'http',
  [attributeNames.batchCount]: 'jobs',
  [attributeNames.stuckAt]: 'stuck_at',
  [attributeNames.traceBroken]: 'context',
};

/** Different in each run, so for human eyes only. */
const shownToHumans: Readonly<Record<string, string>> = {
  [attributeNames.wakeLatency]: 'wake_ms',
  [attributeNames.wakeOutbox]: 'outbox_ms',
  [attributeNames.wakeBroker]: 'broker_ms',
  [attributeNames.wakeClaim]: 'claim_ms',
  [attributeNames.partition]: 'partition',
  [attributeNames.offset]: 'offset',
};

/** Beyond this a name is not padded for. */
const widestName = 60;

/** One tree a trace, as text: name, service, when and how long, kind, status, attributes, links. */
export function traceTree(all: readonly SpanRecord[], options: TraceTreeOptions = {}): string {
  const spans = uniqueSpans(all);
  const ids = [...new Set(spans.toSorted(byStart).map((span) => span.traceId))];
  const names = new Map(spans.map((span) => [keyOf(span), span.name]));
  return ids
    .map((id, index) => {
      const ofTrace = spans.filter((span) => span.traceId === id);
      const rows = traceForest(ofTrace, options).flatMap((root) => rowsOf(root, '', ''));
      return [titleOf(ofTrace, index, options), ...drawRows(rows, { names, ...options })].join('\n');
    })
    .join('\n\n');
}

interface Row {
  lead: string;
  node: TraceNode;
}

function rowsOf(node: TraceNode, lead: string, below: string): Row[] {
  const last = node.children.length - 1;
  return [
    { lead, node },
    ...node.children.flatMap((child, index) =>
      rowsOf(child, `${below}${index === last ? '└─ ' : '├─ '}`, `${below}${index === last ? '   ' : '│  '}`),
    ),
  ];
}

function titleOf(
  spans: readonly SpanRecord[],
  index: number,
  { normalise = false }: TraceTreeOptions,
): string {
  if (normalise) return `trace ${index + 1}`;
  const from = Math.min(...spans.map((span) => span.start));
  const to = Math.max(...spans.map((span) => span.start + span.durationMs));
  const services = new Set(spans.map((span) => span.service)).size;
  const [first] = spans;
  return `trace ${first?.traceId} · ${count(spans.length, 'span')} · ${count(services, 'service')} · ${ms(to - from)}`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}

function drawRows(
  rows: readonly Row[],
  options: TraceTreeOptions & { names: ReadonlyMap<string, string> },
): string[] {
  const width = Math.min(
    widestName,
    Math.max(...rows.map(({ lead, node }) => lead.length + node.span.name.length)),
  );
  const serviceWidth = Math.max(...rows.map(({ node }) => node.span.service.length));
  const from = Math.min(...rows.map(({ node }) => node.span.start));
  return rows.map(({ lead, node }) => {
    const { span } = node;
    const times = options.normalise
      ? []
      : [`+${ms(span.start - from)}`.padStart(11), ms(span.durationMs).padStart(10)];
    return [
      `${lead}${span.name}`.padEnd(width),
      span.service.padEnd(serviceWidth),
      ...times,
      span.kind.padEnd(8),
      ...detailsOf(node, options),
    ]
      .join('  ')
      .trimEnd();
  });
}

function detailsOf(
  { span, orphan }: TraceNode,
  options: TraceTreeOptions & { names: ReadonlyMap<string, string> },
): string[] {
  const {
    normalise = false,
    attributes = normalise ? shown : { ...shown, ...shownToHumans },
    names,
  } = options;
  const told = Object.entries(attributes).flatMap(([name, short]) => {
    const value = span.attributes[name];
    return value === undefined ? [] : [`${short}=${text(value)}`];
  });
  const links = span.links.map((link) => names.get(keyOf(link)) ?? '(elsewhere)').toSorted();
  return [
    ...(span.status === 'error'
      ? [`ERROR ${text(span.attributes[attributeNames.errorType] ?? '')}`.trimEnd()]
      : []),
    ...(told.length === 0 ? [] : [told.join(' ')]),
    ...(links.length === 0 ? [] : [`links: ${[...new Set(links)].join(', ')}`]),
    ...(orphan ? [`ORPHAN: its parent${normalise ? '' : ` ${span.parentSpanId}`} is missing`] : []),
  ];
}

function text(value: AttributeValue): string {
  return typeof value === 'object' ? `[${value.map(text).join(',')}]` : String(value);
}

function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`;
}
