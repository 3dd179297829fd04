import { attributeNames, spanNames } from '../spans/span-names.js';
import type { SpanRecord } from './span-record.js';
import { keyOf, parentOf, uniqueSpans } from './trace-forest.js';
import { traceTree } from './trace-tree.js';

export interface ExpectedTrace {
  jobId: string;
  /** In which mode the job's releases were made; `event` asks for a `relay.publish` an attempt. */
  mode: 'event' | 'polling';
  /** How many executions; by default at least one. */
  runs?: number;
  /** Whether a client has been given the result; by default yes. */
  delivered?: boolean;
  /** Span ids of callers whose own spans are not among these. */
  externalParents?: readonly string[];
}

/**
 * Asserts that the job's trace is whole: all its spans in one trace, one root, no orphan, the chain complete from
 * `produce` to `result.deliver`, and no span of Baton's under another job's `produce`. Throws with everything that
 * is wrong and the tree; answers the spans of the trace.
 */
export function expectTrace(all: readonly SpanRecord[], expected: ExpectedTrace): SpanRecord[] {
  const spans = uniqueSpans(all);
  const ofJob = spans.filter((span) => span.attributes[attributeNames.jobId] === expected.jobId);
  const traceIds = [...new Set(ofJob.map((span) => span.traceId))];
  const trace = spans.filter((span) => traceIds.includes(span.traceId));
  const wrong = [
    ...(traceIds.length === 1 ? [] : [`the job is in ${traceIds.length} traces, not in one`]),
    ...wrongRoots(trace, expected.externalParents ?? []),
    ...wrongOwners(trace),
    ...wrongChain(ofJob, expected),
  ];
  if (wrong.length > 0) {
    throw new Error(`trace of job ${expected.jobId}:\n- ${wrong.join('\n- ')}\n${traceTree(trace)}`);
  }
  return trace;
}

function wrongRoots(trace: readonly SpanRecord[], externalParents: readonly string[]): string[] {
  const byId = new Map(trace.map((span) => [keyOf(span), span]));
  const isRoot = (span: SpanRecord): boolean =>
    span.parentSpanId === undefined || externalParents.includes(span.parentSpanId);
  const roots = trace.filter(isRoot);
  const orphans = trace.filter((span) => !isRoot(span) && parentOf(span, byId) === undefined);
  return [
    ...(roots.length === 1
      ? []
      : [`there are ${roots.length} roots, not one: ${roots.map((span) => span.name).join(', ')}`]),
    ...orphans.map(
      (span) => `${span.name} of ${span.service} is an orphan: its parent ${span.parentSpanId} is missing`,
    ),
  ];
}

/** A trace may hold several jobs (one request, a handler's own jobs): each span must hang under its own job's `produce`. */
function wrongOwners(trace: readonly SpanRecord[]): string[] {
  const byId = new Map(trace.map((span) => [keyOf(span), span]));
  return trace.flatMap((span) => {
    const job = span.attributes[attributeNames.jobId];
    if (job === undefined || span.scope !== 'baton') return [];
    let ancestor: SpanRecord | undefined = span;
    while (ancestor !== undefined && !ancestor.name.startsWith(`${spanNames.produce}.`))
      ancestor = parentOf(ancestor, byId);
    const owner = ancestor?.attributes[attributeNames.jobId];
    if (owner === undefined || owner === job) return [];
    return [`${span.name} of job ${String(job)} hangs under job ${String(owner)}`];
  });
}

function wrongChain(ofJob: readonly SpanRecord[], { mode, runs, delivered = true }: ExpectedTrace): string[] {
  const named = (name: string): SpanRecord[] => ofJob.filter((span) => span.name === name);
  const ran = named(spanNames.run);
  const produced = ofJob.filter((span) => span.name.startsWith(`${spanNames.produce}.`)).length;
  const counted = runs === undefined ? ran.length > 0 : ran.length === runs;
  return [
    ...(produced === 1 ? [] : [`there are ${produced} ${spanNames.produce} spans, not one`]),
    ...(counted ? [] : [`there are ${ran.length} ${spanNames.run} spans, not ${runs ?? 'one or more'}`]),
    ...ran.flatMap((run) => wrongRun(run, mode, named)),
    ...(delivered && named(spanNames.deliver).length === 0 ? [`there is no ${spanNames.deliver}`] : []),
  ];
}

function wrongRun(
  run: SpanRecord,
  mode: ExpectedTrace['mode'],
  named: (name: string) => SpanRecord[],
): string[] {
  const same = (name: string, attribute: string): boolean =>
    named(name).some((span) => span.attributes[attribute] === run.attributes[attribute]);
  const attempt = String(run.attributes[attributeNames.attempt]);
  const settled = named(spanNames.settle).some((span) => span.parentSpanId === run.spanId);
  // A killed worker sends neither its last spans nor an outcome; a second execution's outcome is refused.
  const lost = run.attributes[attributeNames.outcome] === 'lost';
  const refused = run.attributes[attributeNames.outcome] === 'refused';
  return [
    ...(mode === 'polling' || same(spanNames.publish, attributeNames.attempt)
      ? []
      : [`attempt ${attempt} has no ${spanNames.publish}`]),
    ...(lost || same(spanNames.ackWake, attributeNames.executionId)
      ? []
      : [`attempt ${attempt} has no ${spanNames.ackWake}`]),
    ...(settled || lost || refused ? [] : [`the run of attempt ${attempt} has no ${spanNames.settle}`]),
  ];
}
