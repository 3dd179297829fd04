import { carrierToHeaders } from '../carrier/carrier-headers.js';
import { collectSpans, type SpanCollector } from '../testing/collect-spans.js';
import { recordDeliver, startDeliverSpan } from './deliver-span.js';
import { runSpanId } from './span-ids.js';

/** Epoch milliseconds; the SDK takes small numbers for its own clock's. */
const t0 = 1_700_000_000_000;
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const carrier = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
const job = { jobId: 'j', tenant: 't', queue: 'q', attempt: 1, executionId: 'e', carrier };
let collector: SpanCollector;
beforeEach(() => {
  collector = collectSpans();
});
afterEach(() => collector.close());

test('a webhook carries its own attempt on, and two attempts are two spans', () => {
  for (const deliveryAttempt of [1, 2]) {
    const deliver = startDeliverSpan({ ...job, channel: 'webhook', deliveryId: 'd', deliveryAttempt });
    const headers = carrierToHeaders(deliver.carrier);
    const failed = deliveryAttempt === 1;
    deliver.end({ httpStatus: failed ? 500 : 200, ...(failed ? { error: { code: 'webhook_failed' } } : {}) });
    const span = collector.spans().at(-1);
    expect(headers).toEqual({ traceparent: `00-${traceId}-${span?.spanId}-01` });
    expect(span).toMatchObject({
      name: 'result.deliver',
      kind: 'client',
      parentSpanId: runSpanId('j', 1, 'e'),
      status: failed ? 'error' : 'unset',
      attributes: { 'baton.channel': 'webhook', 'baton.delivery.attempt': deliveryAttempt },
    });
  }
  expect(new Set(collector.spans().map((span) => span.spanId)).size).toBe(2);
});

test('two readers of one result are two deliveries', () => {
  recordDeliver({ ...job, channel: 'poll', startTime: t0, endTime: t0 + 1 });
  recordDeliver({ ...job, channel: 'poll', startTime: t0, endTime: t0 + 1 });
  const [first, second] = collector.spans();
  expect(first?.kind).toBe('producer');
  expect(first?.spanId).not.toBe(second?.spanId);
});

test('what never ran is delivered under its produce', () => {
  recordDeliver({ ...job, executionId: undefined, channel: 'sse' });
  expect(collector.spans()).toMatchObject([{ parentSpanId: '00f067aa0ba902b7' }]);
});

test("an unsampled job's webhook carries the trace on, unsampled", () => {
  const unsampled = { ...job, carrier: { traceparent: `00-${traceId}-00f067aa0ba902b7-00` } };
  const deliver = startDeliverSpan({ ...unsampled, channel: 'webhook', deliveryId: 'd' });
  deliver.end();
  expect(deliver.carrier.traceparent).toMatch(new RegExp(`^00-${traceId}-[\\da-f]{16}-00$`));
  expect(collector.spans()).toEqual([]);
});
