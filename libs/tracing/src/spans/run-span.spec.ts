import { jest } from '@jest/globals';
import { context, diag, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { collectSpans, type SpanCollector } from '../testing/collect-spans.js';
import { startProduceSpan } from './produce-span.js';
import { endLostRunSpan, recordRun, startRunSpan, type RunOfSpan } from './run-span.js';
import { runSpanId } from './span-ids.js';

/** Epoch milliseconds; the SDK takes small numbers for its own clock's. */
const t0 = 1_700_000_000_000;
const job = { jobId: 'j1', tenant: 't1', queue: 'echo' };
let collector: SpanCollector;
let run: RunOfSpan;
beforeEach(() => {
  collector = collectSpans();
  const { carrier, end } = startProduceSpan({ ...job, parent: ROOT_CONTEXT });
  end();
  run = { ...job, attempt: 2, executionId: 'e1', carrier };
});
afterEach(() => collector.close());

test("the handler's own spans are the run's children, after it has waited too", async () => {
  const { span, context: inside, end } = startRunSpan(run);
  await context.with(inside, async () => {
    await Promise.resolve();
    trace.getTracer('handler').startSpan('work').end();
  });
  end({ outcome: 'succeeded' });
  const id = runSpanId('j1', 2, 'e1');
  expect(span.spanContext().spanId).toBe(id);
  expect(collector.spans().slice(1)).toMatchObject([
    { name: 'work', parentSpanId: id },
    {
      name: 'worker.run',
      spanId: id,
      kind: 'internal',
      status: 'unset',
      attributes: {
        'baton.outcome': 'succeeded',
        'baton.job.attempt': 2,
        'baton.queue': 'echo',
        'baton.tenant': 't1',
      },
    },
  ]);
});

test('an orphan of a killed worker gets its parent back from the rescuer', () => {
  const killed = startRunSpan({ ...run, startTime: t0 });
  trace.getTracer('handler').startSpan('work', {}, killed.context).end();
  endLostRunSpan({ ...run, startTime: t0, endTime: t0 + 8_000 });
  const [produce, work, lost] = collector.spans();
  expect(work?.parentSpanId).toBe(lost?.spanId);
  expect(lost).toMatchObject({
    name: 'worker.run',
    parentSpanId: produce?.spanId,
    start: t0,
    durationMs: 8_000,
    status: 'error',
    attributes: { 'error.type': 'worker_lost', 'baton.outcome': 'lost' },
  });
});

test.each(['snoozed', 'cancelled', 'released'])('%s is no error', (outcome) => {
  startRunSpan(run).end({ outcome });
  expect(collector.spans().at(-1)).toMatchObject({
    status: 'unset',
    attributes: { 'baton.outcome': outcome },
  });
});

test('a failed attempt is one, with our code and a bounded message', () => {
  startRunSpan(run).end({ outcome: 'failed', error: { code: 'handler_error', message: 'x'.repeat(1_000) } });
  const span = collector.spans().at(-1);
  expect(span).toMatchObject({ status: 'error', attributes: { 'error.type': 'handler_error' } });
  expect(span?.statusMessage).toHaveLength(256);
});

test('drawn again after the fact it is the same span', () => {
  startRunSpan(run).end({ outcome: 'succeeded' });
  recordRun({ ...run, startTime: t0, endTime: t0 + 2_000, outcome: 'succeeded' });
  const [, first, second] = collector.spans();
  expect(second?.spanId).toBe(first?.spanId);
  expect(second?.traceId).toBe(first?.traceId);
});

test('an unsampled job draws nothing, and its context goes on', () => {
  collector.reset();
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
  const unsampled = startRunSpan({ ...run, carrier: { traceparent } });
  expect(trace.getSpanContext(unsampled.context)).toMatchObject({
    spanId: '00f067aa0ba902b7',
    traceFlags: 0,
  });
  context.with(unsampled.context, () => trace.getTracer('handler').startSpan('work').end());
  unsampled.end({ outcome: 'succeeded' });
  endLostRunSpan({ ...run, carrier: { traceparent }, startTime: t0 + 1, endTime: t0 + 2 });
  expect(collector.spans()).toEqual([]);
});

test("an application's own SDK without our ids is told, once", async () => {
  await collector.close();
  const warn = jest.spyOn(diag, 'warn').mockReturnValue();
  trace.setGlobalTracerProvider(new TracerProvider());
  startRunSpan(run).end({ outcome: 'succeeded' });
  startRunSpan(run).end({ outcome: 'succeeded' });
  expect(warn.mock.calls).toEqual([[expect.stringContaining('idGenerator: new DerivedIdGenerator')]]);
  warn.mockRestore();
  trace.disable();
  collector = collectSpans();
});

test('without an SDK the handler runs all the same', async () => {
  await collector.close();
  const plain = startRunSpan(run);
  expect(context.with(plain.context, () => 'ran')).toBe('ran');
  plain.end({ outcome: 'succeeded' });
  expect(collector.spans().map((span) => span.name)).toEqual([]);
  collector = collectSpans();
});
