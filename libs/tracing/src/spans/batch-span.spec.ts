import { jest } from '@jest/globals';
import { INVALID_SPAN_CONTEXT, trace, type SpanOptions } from '@opentelemetry/api';
import type { TraceCarrier } from '../carrier/trace-carrier.js';
import { collectSpans, type SpanCollector } from '../testing/collect-spans.js';
import { maxLinks, startBatchSpan } from './batch-span.js';
import { recordPublishBatch, type PublishedJob } from './publish-span.js';
import { recordSettleBatch } from './settle-span.js';

/** Epoch milliseconds; the SDK takes small numbers for its own clock's. */
const t0 = 1_700_000_000_000;
let collector: SpanCollector;
beforeEach(() => {
  // Nothing new is sampled: what is drawn is drawn because a job in the batch is.
  collector = collectSpans({ sampler: 'parentbased_traceidratio', samplerRatio: 0 });
});
afterEach(() => collector.close());

function carrierOf(number: number, sampled = true): TraceCarrier {
  const hex = number.toString(16);
  return { traceparent: `00-${hex.padStart(32, 'a')}-${hex.padStart(16, 'b')}-0${sampled ? 1 : 0}` };
}

function jobOf(number: number, sampled = true): PublishedJob {
  const carrier = carrierOf(number, sampled);
  return {
    jobId: `j${number}`,
    tenant: 't',
    queue: 'q',
    attempt: 1,
    outboxId: number,
    partition: 3,
    offset: '7',
    carrier,
  };
}

const send = { topic: 'baton.jobs.q', startTime: t0, endTime: t0 + 4 };

test('of a batch the sampled jobs get their span, each in its own trace, linked to the batch', () => {
  recordPublishBatch({ ...send, jobs: [jobOf(1), jobOf(2, false), jobOf(3)] });
  const [first, third, batch] = collector.spans();
  expect(collector.spans()).toHaveLength(3);
  expect(first).toMatchObject({
    name: 'relay.publish',
    kind: 'client',
    traceId: '1'.padStart(32, 'a'),
    parentSpanId: '1'.padStart(16, 'b'),
    start: t0,
    durationMs: 4,
    attributes: {
      'messaging.system': 'kafka',
      'messaging.destination.name': 'baton.jobs.q',
      'messaging.destination.partition.id': '3',
      'messaging.kafka.offset': 7,
      'messaging.message.id': '1',
    },
    links: [{ traceId: batch?.traceId, spanId: batch?.spanId }],
  });
  expect(third?.traceId).toBe('3'.padStart(32, 'a'));
  expect(batch).toMatchObject({
    name: 'relay.publish_batch',
    parentSpanId: undefined,
    attributes: { 'messaging.batch.message_count': 3 },
    links: [1, 3].map((n) => ({ traceId: String(n).padStart(32, 'a'), spanId: String(n).padStart(16, 'b') })),
  });
});

test('a batch without a sampled job draws nothing', () => {
  recordPublishBatch({ ...send, jobs: [jobOf(1, false), jobOf(2, false)] });
  recordSettleBatch({
    via: 'inbox',
    startTime: t0 + 1,
    endTime: t0 + 2,
    jobs: [{ ...jobOf(1, false), outcome: 'succeeded' }],
  });
  expect(collector.spans()).toEqual([]);
});

test('a batch links to 128 jobs at most; each job still links to it', () => {
  const jobs = Array.from({ length: 300 }, (_, number) => ({
    ...jobOf(number + 1),
    outcome: 'succeeded',
    executionId: 'e',
  }));
  recordSettleBatch({ via: 'worker', startTime: t0, endTime: t0 + 1, jobs });
  const spans = collector.spans();
  const batch = spans.find((span) => span.name === 'result.settle_batch');
  expect(batch?.links).toHaveLength(maxLinks);
  const settled = spans.filter((span) => span.name === 'result.settle');
  expect(settled).toHaveLength(300);
  expect(settled.every((span) => span.links[0]?.spanId === batch?.spanId && span.kind === 'client')).toBe(
    true,
  );
});

test('beyond 128 nothing is made that the SDK would drop', async () => {
  await collector.close();
  const startSpan = jest.fn((_name: string, _options: SpanOptions) =>
    trace.wrapSpanContext(INVALID_SPAN_CONTEXT),
  );
  trace.setGlobalTracerProvider({
    getTracer: () => ({ startSpan, startActiveSpan: () => undefined as never }),
  });
  startBatchSpan(
    'batch',
    Array.from({ length: 300 }, () => jobOf(1)),
    { kind: 0, startTime: t0, attributes: {} },
  );
  expect(startSpan.mock.calls[0]?.[1].links).toHaveLength(maxLinks);
  trace.disable();
  collector = collectSpans();
});

test('publishing the same record again makes the same span', () => {
  recordPublishBatch({ ...send, jobs: [jobOf(1)] });
  recordPublishBatch({ ...send, jobs: [jobOf(1)] });
  const [first, , second] = collector.spans();
  expect(first?.spanId).toBe(second?.spanId);
});

test('a failed send is an error of the send', () => {
  recordPublishBatch({ ...send, jobs: [jobOf(1)], error: { code: 'unavailable' } });
  expect(collector.spans().map((span) => [span.status, span.attributes['error.type']])).toEqual([
    ['error', 'unavailable'],
    ['error', 'unavailable'],
  ]);
});
