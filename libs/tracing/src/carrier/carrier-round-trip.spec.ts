import {
  context,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  trace,
  TraceFlags,
  type Context,
} from '@opentelemetry/api';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import { collectSpans, type SpanCollector } from '../testing/collect-spans.js';
import { traceBroken } from '../metrics/continuity.js';
import { maxBaggageBytes } from './carried-baggage.js';
import { captureTrace } from './capture-trace.js';
import { isSampled, traceIdOf } from './carrier-ids.js';
import { carrierFromHeaders, carrierToHeaders } from './carrier-headers.js';
import { restoreTrace } from './restore-trace.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
const traceparent = `00-${traceId}-${spanId}-01`;

function spanIn(flags: TraceFlags, tracestate?: string): Context {
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId,
    traceFlags: flags,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  });
}

describe('capture', () => {
  test('writes what the W3C propagators write', () => {
    const from = propagation.setBaggage(
      spanIn(TraceFlags.SAMPLED, 'vendor=a,other=b'),
      propagation.createBaggage({ tenant: { value: 'acme, inc' } }),
    );
    const injected: Record<string, string> = {};
    const w3c = new CompositePropagator({
      propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()],
    });
    w3c.inject(from, injected, {
      set: (carrier, key, value) => ((carrier as Record<string, string>)[key] = value),
    });
    expect(captureTrace(from)).toEqual(injected);
  });

  test('carries an unsampled context too', () => {
    const carrier = captureTrace(spanIn(TraceFlags.NONE));
    expect(carrier.traceparent).toBe(`00-${traceId}-${spanId}-00`);
    expect(isSampled(carrier)).toBe(false);
    expect(traceIdOf(carrier)).toBe(traceId);
  });

  test('makes new, unsampled ids where there is no span', () => {
    const [first, second] = [captureTrace(ROOT_CONTEXT), captureTrace(ROOT_CONTEXT)];
    expect(first.traceparent).toMatch(/^00-[\da-f]{32}-[\da-f]{16}-00$/);
    expect(first.traceparent).not.toBe(second.traceparent);
    expect(restoreTrace(first).broken).toBeUndefined();
  });

  test('leaves out baggage that is not allowed to travel', () => {
    const from = propagation.setBaggage(
      spanIn(TraceFlags.SAMPLED),
      propagation.createBaggage({ 'job.kind': { value: 'mail' }, email: { value: 'a@b.c' } }),
    );
    expect(captureTrace(from).baggage).toBe('job.kind=mail');
  });

  test('leaves out a baggage entry beyond the bound and keeps the others', () => {
    const from = propagation.setBaggage(
      ROOT_CONTEXT,
      propagation.createBaggage({
        tenant: { value: 'x'.repeat(maxBaggageBytes) },
        'job.kind': { value: 'mail' },
      }),
    );
    expect(captureTrace(from).baggage).toBe('job.kind=mail');
  });
});

describe('restore', () => {
  test('gives back what was captured, as a remote parent under the root', () => {
    const tracestate = 'vendor=a,other=b';
    const baggage = 'tenant=acme%2C%20inc';
    const { context: restored, broken } = restoreTrace({ traceparent, tracestate, baggage });
    expect(broken).toBeUndefined();
    expect(trace.getSpanContext(restored)).toMatchObject({ traceId, spanId, traceFlags: 1, isRemote: true });
    expect(propagation.getBaggage(restored)?.getEntry('tenant')?.value).toBe('acme, inc');
    expect(captureTrace(restored)).toEqual({ traceparent, tracestate, baggage });
  });

  test('a tracestate of 512 characters and more survives', () => {
    const tracestate = Array.from({ length: 30 }, (_, i) => `vendor${i}=${'v'.repeat(30)}`).join(',');
    expect(tracestate.length).toBeGreaterThan(1_000);
    const carrier = captureTrace(restoreTrace({ traceparent, tracestate }).context);
    expect(carrier.tracestate).toBe(tracestate);
  });

  test('a tracestate without bound is dropped, the trace is not', () => {
    const carrier = captureTrace(restoreTrace({ traceparent, tracestate: `v=${'x'.repeat(5_000)}` }).context);
    expect(carrier).toEqual({ traceparent, tracestate: undefined, baggage: undefined });
  });

  test('baggage that is not allowed, too long or badly encoded is left out', () => {
    const entries = (baggage: string) =>
      propagation.getBaggage(restoreTrace({ traceparent, baggage }).context)?.getAllEntries();
    expect(entries('email=a,tenant=%zz,job.kind=mail;meta=1')).toEqual([['job.kind', { value: 'mail' }]]);
    expect(entries(`tenant=${'x'.repeat(maxBaggageBytes)}`)).toBeUndefined();
  });

  test.each([
    ['missing', undefined],
    ['missing', { traceparent: '' }],
    ['malformed', { traceparent: `00-${traceId}-${spanId}` }],
  ] as const)('%s: a new root, counted', async (reason, carrier) => {
    const before = await brokenCount(reason);
    expect(restoreTrace(carrier)).toEqual({ context: ROOT_CONTEXT, broken: reason });
    expect(await brokenCount(reason)).toBe(before + 1);
  });
});

describe('with an SDK in the process', () => {
  let collector: SpanCollector;
  beforeEach(() => {
    collector = collectSpans();
  });
  afterEach(() => collector.close());

  test('nothing of what is active gets into a restored context', () => {
    trace.getTracer('test').startActiveSpan('another job', (span) => {
      expect(trace.getSpanContext(restoreTrace({ traceparent }).context)?.traceId).toBe(traceId);
      expect(trace.getSpanContext(restoreTrace(undefined).context)).toBeUndefined();
      const baggage = propagation.createBaggage({ tenant: { value: 'another' } });
      context.with(propagation.setBaggage(context.active(), baggage), () => {
        expect(propagation.getBaggage(restoreTrace({ traceparent }).context)).toBeUndefined();
      });
      span.end();
    });
  });

  test('each of many interleaved captures is its own', async () => {
    const tracer = trace.getTracer('test');
    const accepted = Array.from({ length: 50 }, (_, i) =>
      tracer.startActiveSpan(`job ${i}`, async (span) => {
        const own = span.spanContext();
        for (let turn = 0; turn < i % 5; turn += 1) await Promise.resolve();
        const carrier = captureTrace();
        await Promise.resolve();
        span.end();
        return { own, carrier };
      }),
    );
    for (const { own, carrier } of await Promise.all(accepted)) {
      expect(carrier.traceparent).toBe(`00-${own.traceId}-${own.spanId}-01`);
    }
    expect(trace.getSpanContext(context.active())).toBeUndefined();
  });
});

describe('headers', () => {
  const tracestate = 'vendor=a';

  test('a record read from Kafka has Buffers', () => {
    const headers = {
      traceparent: Buffer.from(traceparent),
      tracestate: Buffer.from(tracestate),
      'baton-term': Buffer.from('1:2'),
    };
    expect(carrierFromHeaders(headers)).toEqual({ traceparent, tracestate });
  });

  test('of a header that is there twice the last one counts, whatever its case', () => {
    const stale = `00-${traceId}-1111111111111111-01`;
    expect(carrierFromHeaders({ traceparent: [Buffer.from(stale), Buffer.from(traceparent)] })).toEqual({
      traceparent,
    });
    expect(carrierFromHeaders({ traceparent: stale, TraceParent: traceparent })).toEqual({ traceparent });
    expect(carrierFromHeaders({ traceparent: [] })).toBeUndefined();
  });

  test('nothing is made up without a traceparent', () => {
    expect(carrierFromHeaders(undefined)).toBeUndefined();
    expect(carrierFromHeaders({ tracestate, baggage: 'tenant=a' })).toBeUndefined();
  });

  test('bytes that are no text are malformed, not lost', () => {
    expect(restoreTrace(carrierFromHeaders({ traceparent: Buffer.from([0xff, 0x00, 0x80]) })).broken).toBe(
      'malformed',
    );
  });

  test('what is written is read again', () => {
    const carrier = { traceparent, tracestate, baggage: 'tenant=acme' };
    expect(carrierFromHeaders(carrierToHeaders(carrier))).toEqual(carrier);
    expect(carrierToHeaders({ traceparent, tracestate: undefined })).toEqual({ traceparent });
  });
});

async function brokenCount(reason: string): Promise<number> {
  const { values } = await traceBroken.get();
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
}
