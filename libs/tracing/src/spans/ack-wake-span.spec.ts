import { collectSpans, type SpanCollector } from '../testing/collect-spans.js';
import { recordAckWake, type AckWakeOptions } from './ack-wake-span.js';

/** Epoch milliseconds; the SDK takes small numbers for its own clock's. */
const t0 = 1_700_000_000_000;
const carrier = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
const job = { jobId: 'j', tenant: 't', queue: 'q', attempt: 1, executionId: 'e', carrier };
let collector: SpanCollector;
beforeEach(() => {
  collector = collectSpans();
});
afterEach(() => collector.close());

function attributesOf(options: Omit<AckWakeOptions, keyof typeof job>): Record<string, unknown> {
  recordAckWake({ ...job, ...options });
  return { ...collector.spans().at(-1)?.attributes };
}

test('over the broker the wake has three parts, which add up', () => {
  expect(
    attributesOf({
      system: 'kafka',
      destination: 'baton.jobs.q',
      partition: 4,
      offset: '12',
      group: 'baton.workers.q',
      releasedAt: t0,
      publishedAt: t0 + 5,
      receivedAt: t0 + 8,
      takenAt: t0 + 20,
    }),
  ).toMatchObject({
    'baton.wake.latency_ms': 20,
    'baton.wake.outbox_ms': 5,
    'baton.wake.broker_ms': 3,
    'baton.wake.claim_ms': 12,
    'messaging.destination.partition.id': '4',
    'messaging.kafka.offset': 12,
    'messaging.consumer.group.name': 'baton.workers.q',
    'messaging.operation.type': 'receive',
  });
  expect(collector.spans()).toMatchObject([
    {
      name: 'worker.ack_wake',
      kind: 'consumer',
      parentSpanId: '00f067aa0ba902b7',
      start: t0 + 8,
      durationMs: 12,
    },
  ]);
});

test('from PostgreSQL it is all claim', () => {
  const attributes = attributesOf({
    system: 'postgresql',
    destination: 'q',
    releasedAt: t0,
    receivedAt: t0 + 3,
    takenAt: t0 + 4,
  });
  expect(attributes).toMatchObject({ 'baton.wake.latency_ms': 4, 'baton.wake.claim_ms': 4 });
  expect(attributes).not.toHaveProperty('baton.wake.outbox_ms');
});

test('clocks that disagree give no negative wait', () => {
  const attributes = attributesOf({
    system: 'postgresql',
    destination: 'q',
    releasedAt: t0 + 2000,
    receivedAt: t0 + 3,
    takenAt: t0 + 4,
  });
  expect(attributes['baton.wake.latency_ms']).toBe(0);
});
