import { context, trace } from '@opentelemetry/api';
import { isTracingSuppressed } from '@opentelemetry/core';
import { collectSpans, type SpanCollector } from '../testing/collect-spans.js';
import { inRootContext, withoutTracing } from './root-context.js';

let collector: SpanCollector;
beforeEach(() => {
  collector = collectSpans();
});
afterEach(() => collector.close());

const tracer = (): ReturnType<typeof trace.getTracer> => trace.getTracer('test');

test('a timer begun in the root context belongs to no span, though a span began it', async () => {
  await tracer().startActiveSpan('boot', async (boot) => {
    await inRootContext(
      () =>
        new Promise<void>((resolve) => {
          setTimeout(() => {
            tracer().startSpan('poll').end();
            resolve();
          }, 1);
        }),
    );
    boot.end();
  });
  const [poll, boot] = collector.spans();
  expect(poll?.parentSpanId).toBeUndefined();
  expect(poll?.traceId).not.toBe(boot?.traceId);
});

test('nothing is recorded of a sweep, also after it has waited', async () => {
  await withoutTracing(async () => {
    expect(isTracingSuppressed(context.active())).toBe(true);
    await Promise.resolve();
    tracer().startActiveSpan('sweep', (span) => {
      tracer().startSpan('query').end();
      span.end();
    });
  });
  expect(collector.spans()).toEqual([]);
});
