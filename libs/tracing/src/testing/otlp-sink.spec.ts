import { gzipSync } from 'node:zlib';
import { startOtlpSink, type OtlpSink } from './otlp-sink.js';

let sink: OtlpSink;
beforeEach(async () => {
  sink = await startOtlpSink();
});
afterEach(() => sink.close());

const request = {
  resourceSpans: [
    {
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'relay' } }] },
      scopeSpans: [
        {
          scope: { name: 'baton' },
          spans: [
            {
              traceId: 't1',
              spanId: 's1',
              parentSpanId: 'p1',
              name: 'relay.publish',
              kind: 3,
              startTimeUnixNano: '1700000000000250000',
              endTimeUnixNano: '1700000000002750000',
              attributes: [
                { key: 'n', value: { intValue: '7' } },
                { key: 'b', value: { boolValue: false } },
                { key: 'd', value: { doubleValue: 0.5 } },
                { key: 'a', value: { arrayValue: { values: [{ stringValue: 'x' }] } } },
              ],
              links: [{ traceId: 't2', spanId: 's2', attributes: [] }],
              status: { code: 2, message: 'no' },
            },
            { traceId: 't3', spanId: 's3', name: 'plain', startTimeUnixNano: '1', endTimeUnixNano: '1' },
          ],
        },
      ],
    },
  ],
};

const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
  fetch(`${sink.url}/v1/traces`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', ...headers },
  });

test('reads what an exporter sends', async () => {
  const arrived = sink.waitFor((spans) => spans.length === 2);
  expect((await post(JSON.stringify(request))).status).toBe(200);
  const [publish, plain] = await arrived;
  expect(publish).toEqual({
    traceId: 't1',
    spanId: 's1',
    parentSpanId: 'p1',
    name: 'relay.publish',
    kind: 'client',
    service: 'relay',
    scope: 'baton',
    start: 1_700_000_000_000.25,
    durationMs: 2.5,
    status: 'error',
    statusMessage: 'no',
    attributes: { n: 7, b: false, d: 0.5, a: ['x'] },
    links: [{ traceId: 't2', spanId: 's2' }],
  });
  expect(plain).toMatchObject({ kind: 'internal', status: 'unset', parentSpanId: undefined });
  expect(sink.spansOfTrace('t3')).toEqual([plain]);
  sink.reset();
  expect(sink.spans()).toEqual([]);
});

test('reads compressed exports', async () => {
  await post(gzipSync(JSON.stringify(request)), { 'content-encoding': 'gzip' });
  expect(sink.spans()).toHaveLength(2);
});

test('refuses another encoding and says so to who waits', async () => {
  const refused = await post('x', { 'content-type': 'application/x-protobuf' });
  expect(refused.status).toBe(415);
  expect(await refused.text()).toContain('http/json');
  await expect(sink.waitFor(() => false, 5)).rejects.toThrow(/within 5 ms\nrefused exports:.*x-protobuf/);
});

test('refuses what is no JSON', async () => {
  expect((await post('{')).status).toBe(400);
});
