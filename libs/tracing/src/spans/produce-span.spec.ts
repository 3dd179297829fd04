import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { isSampled, traceIdOf } from '../carrier/carrier-ids.js';
import { restoreTrace } from '../carrier/restore-trace.js';
import { collectSpans, type SpanCollector } from '../testing/collect-spans.js';
import { recordProduce, startProduceSpan } from './produce-span.js';

/** Epoch milliseconds; the SDK takes small numbers for its own clock's. */
const t0 = 1_700_000_000_000;
const job = { jobId: 'j1', tenant: 't1', queue: 'echo' };
let collector: SpanCollector;
beforeEach(() => {
  collector = collectSpans();
});
afterEach(() => collector.close());

test("its context is what travels, under the caller's", () => {
  const parent = restoreTrace({
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  }).context;
  const produce = startProduceSpan({ ...job, parent, startTime: t0 });
  produce.end({ endTime: t0 + 5 });
  const [span] = collector.spans();
  expect(span).toMatchObject({
    name: 'produce.echo',
    kind: 'producer',
    parentSpanId: '00f067aa0ba902b7',
    start: t0,
    durationMs: 5,
    status: 'unset',
    attributes: {
      'baton.job.id': 'j1',
      'messaging.message.conversation_id': 'j1',
      'messaging.operation.type': 'create',
    },
  });
  expect(produce.carrier.traceparent).toBe(`00-4bf92f3577b34da6a3ce929d0e0e4736-${span?.spanId}-01`);
});

test('two jobs accepted in turn by two requests keep apart, whoever commits first', async () => {
  const tracer = trace.getTracer('test');
  const accept = (jobId: string, commit: Promise<void>) =>
    tracer.startActiveSpan(`POST ${jobId}`, async (request) => {
      const produce = startProduceSpan({ ...job, jobId });
      await commit;
      produce.end();
      request.end();
      return { traceId: request.spanContext().traceId, carrier: produce.carrier };
    });
  let commitB: () => void = () => undefined;
  const b = new Promise<void>((resolve) => (commitB = resolve));
  const [first, second] = [accept('a', b), accept('b', Promise.resolve())];
  const done = await second;
  commitB();
  for (const { traceId, carrier } of [await first, done]) expect(traceIdOf(carrier)).toBe(traceId);
});

test('a job due in two hours begins a trace of its own, linked to the request', () => {
  const origin = restoreTrace({
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  }).context;
  startProduceSpan({ ...job, parent: origin, delayMs: 7_200_000 }).end();
  const [span] = collector.spans();
  expect(span?.parentSpanId).toBeUndefined();
  expect(span?.links).toEqual([{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7' }]);
});

test('an unsampled request makes no span, and its context travels', () => {
  const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00';
  const produce = startProduceSpan({ ...job, parent: restoreTrace({ traceparent }).context });
  produce.end();
  expect(produce.carrier).toEqual({ traceparent, tracestate: undefined, baggage: undefined });
  expect(collector.spans()).toEqual([]);
});

test('a transaction that did not commit is an error', () => {
  startProduceSpan({ ...job, parent: ROOT_CONTEXT }).end({
    error: { code: 'unavailable', message: 'no connection' },
  });
  expect(collector.spans()).toMatchObject([
    { status: 'error', statusMessage: 'no connection', attributes: { 'error.type': 'unavailable' } },
  ]);
});

test('drawn again it has the very ids that travelled, also where new traces are not sampled', async () => {
  const { carrier, end } = startProduceSpan({ ...job, parent: ROOT_CONTEXT });
  end();
  const [original] = collector.spans();
  await collector.close();
  collector = collectSpans({ sampler: 'parentbased_traceidratio', samplerRatio: 0 });
  recordProduce({ ...job, attempt: 1, carrier, startTime: t0, endTime: t0 + 1 });
  expect(collector.spans()).toMatchObject([
    { traceId: original?.traceId, spanId: original?.spanId, name: 'produce.echo' },
  ]);
});

test('without an SDK every job still gets a context', async () => {
  await collector.close();
  const [a, b] = [
    startProduceSpan({ ...job, parent: ROOT_CONTEXT }),
    startProduceSpan({ ...job, parent: ROOT_CONTEXT }),
  ];
  a.end();
  expect(a.carrier.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
  expect(restoreTrace(a.carrier).broken).toBeUndefined();
  expect(traceIdOf(a.carrier)).not.toBe(traceIdOf(b.carrier));
  collector = collectSpans();
});

test('without sampling every job still gets a context', async () => {
  await collector.close();
  collector = collectSpans({ sampler: 'parentbased_always_off' });
  const [a, b] = [
    startProduceSpan({ ...job, parent: ROOT_CONTEXT }),
    startProduceSpan({ ...job, parent: ROOT_CONTEXT }),
  ];
  expect(isSampled(a.carrier)).toBe(false);
  expect(traceIdOf(a.carrier)).toMatch(/^[\da-f]{32}$/);
  expect(traceIdOf(a.carrier)).not.toBe(traceIdOf(b.carrier));
});
