export { collectSpans, type CollectOptions, type SpanCollector } from './testing/collect-spans.js';
export { expectTrace, type ExpectedTrace } from './testing/expect-trace.js';
export { startOtlpSink, type OtlpSink } from './testing/otlp-sink.js';
export { byStart, type AttributeValue, type SpanKindName, type SpanRecord } from './testing/span-record.js';
export { toMatchGolden, type MatcherResult } from './testing/to-match-golden.js';
export { traceTree, type TraceTreeOptions } from './testing/trace-tree.js';
