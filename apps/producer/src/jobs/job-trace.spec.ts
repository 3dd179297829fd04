import { collectSpans, type SpanCollector } from '@baton/tracing/testing';
import { TestProducer } from '../testing/test-producer.js';

let producer: TestProducer;
let tenant: Awaited<ReturnType<TestProducer['tenant']>>;
let collector: SpanCollector;

beforeAll(async () => {
  collector = collectSpans();
  producer = await TestProducer.start();
});
afterAll(async () => {
  await producer.close();
  await collector.close();
});
beforeEach(async () => {
  tenant = await producer.tenant();
  collector.reset();
});

const callers = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    traceId: String(i + 1).padStart(32, 'a'),
    spanId: String(i + 1).padStart(16, 'b'),
  }));

function post(
  traceparent: string | undefined,
  more: Record<string, unknown> = {},
  headers: Record<string, string> = {},
) {
  const body = { queue: tenant.queue, ...more };
  return producer.call('POST', '/v1/jobs', {
    key: tenant.key,
    body,
    headers: { ...(traceparent && { traceparent }), ...headers },
  });
}

async function stored(): Promise<{ id: string; traceparent: string; tracestate: string | null }[]> {
  const { rows } = await producer.test.database.pool.query<{
    id: string;
    traceparent: string;
    tracestate: string | null;
  }>('SELECT id, traceparent, tracestate FROM baton.job WHERE tenant_id = $1', [tenant.tenantId]);
  return rows;
}

it('continues the caller’s trace with no instrumentation; produce’s context is what is stored', async () => {
  const [caller] = callers(1);
  const answer = await post(`00-${caller!.traceId}-${caller!.spanId}-01`, {}, { tracestate: 'vendor=1' });
  const [span, ...others] = collector.spans();
  expect(others).toEqual([]);
  expect(span).toMatchObject({
    name: `produce.${tenant.queue}`,
    kind: 'producer',
    traceId: caller!.traceId,
    parentSpanId: caller!.spanId,
    status: 'unset',
  });
  const [job] = await stored();
  expect(job).toMatchObject({
    traceparent: `00-${caller!.traceId}-${span!.spanId}-01`,
    tracestate: 'vendor=1',
  });
  expect(answer.json()).toMatchObject({ traceId: caller!.traceId });
});

it('gives no job the context of another request of its group', async () => {
  const all = callers(40);
  const answers = await Promise.all(all.map(({ traceId, spanId }) => post(`00-${traceId}-${spanId}-01`)));
  const jobs = new Map((await stored()).map((job) => [job.id, job.traceparent]));
  const spans = collector.spans();
  expect(spans).toHaveLength(40);
  for (const [i, answer] of answers.entries()) {
    const { id } = answer.json<{ id: string }>();
    const span = spans.find((each) => each.attributes['baton.job.id'] === id);
    expect(span).toMatchObject({ traceId: all[i]!.traceId, parentSpanId: all[i]!.spanId });
    expect(jobs.get(id)).toBe(`00-${all[i]!.traceId}-${span!.spanId}-01`);
  }
});

it('carries an unsampled context, and begins a trace for a broken one', async () => {
  const [caller] = callers(1);
  await post(`00-${caller!.traceId}-${caller!.spanId}-00`);
  expect(collector.spans()).toEqual([]);
  expect((await stored())[0]?.traceparent).toBe(`00-${caller!.traceId}-${caller!.spanId}-00`);
  expect((await post('00-broken')).statusCode).toBe(202);
  expect(collector.spans()).toHaveLength(1);
});

it('gives delays over an hour a trace of their own, linked', async () => {
  const [caller] = callers(1);
  await post(`00-${caller!.traceId}-${caller!.spanId}-01`, { delay: '2h' });
  const [span] = collector.spans();
  expect(span).toMatchObject({ parentSpanId: undefined, links: [caller] });
  expect(span?.traceId).not.toBe(caller!.traceId);
});

it('tells of no job that was not made', async () => {
  await post(undefined, {}, { 'idempotency-key': 'k' });
  await post(undefined, {}, { 'idempotency-key': 'k' });
  await post(undefined, { queue: 'nowhere' });
  expect(collector.spans()).toHaveLength(1);
});
