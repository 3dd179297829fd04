import { context, trace } from '@opentelemetry/api';
import { collectSpans, type SpanCollector } from '../testing/collect-spans.js';
import { nameRequestSpan, requestContext } from './request-context.js';

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
let collector: SpanCollector;
beforeEach(() => {
  collector = collectSpans();
});
afterEach(() => collector.close());

test('where the server is instrumented its span is the parent', () => {
  trace.getTracer('test').startActiveSpan('POST', (span) => {
    expect(trace.getSpan(requestContext({ traceparent }))).toBe(span);
    span.end();
  });
});

test("else the caller's own is", () => {
  expect(trace.getSpanContext(requestContext({ traceparent }))?.spanId).toBe('00f067aa0ba902b7');
});

test('a caller without a trace is no broken one', () => {
  expect(requestContext({})).toBe(context.active());
});

test('a request span is named by its route', () => {
  trace.getTracer('test').startActiveSpan('POST', (span) => {
    nameRequestSpan('POST', '/v1/jobs');
    span.end();
  });
  nameRequestSpan('POST', '/v1/nothing-is-active');
  expect(collector.spans()).toMatchObject([
    { name: 'POST /v1/jobs', attributes: { 'http.route': '/v1/jobs' } },
  ]);
});
