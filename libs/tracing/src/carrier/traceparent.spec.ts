import { parseTraceParent } from '@opentelemetry/core';
import fc from 'fast-check';
import { formatTraceparent, parseTraceparent, traceparentIsSampled } from './traceparent.js';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test.each([
  ['nothing', ''],
  ['an all-zero trace id', `00-${'0'.repeat(32)}-${spanId}-01`],
  ['an all-zero span id', `00-${traceId}-${'0'.repeat(16)}-01`],
  ['capitals', `00-${traceId.toUpperCase()}-${spanId}-01`],
  ['the forbidden version', `ff-${traceId}-${spanId}-01`],
  ['more fields in version 00', `00-${traceId}-${spanId}-01-x`],
  ['a short id', `00-${traceId.slice(1)}-${spanId}-01`],
])('refuses %s', (_what, text) => {
  expect(parseTraceparent(text)).toBeUndefined();
});

test('takes a later version with more fields', () => {
  expect(parseTraceparent(`cc-${traceId}-${spanId}-01-more`)).toEqual({ traceId, spanId, traceFlags: 1 });
});

test('reads what it wrote, as OpenTelemetry does', () => {
  const hex = (length: number) =>
    fc
      .array(fc.constantFrom(...'0123456789abcdef'), { minLength: length, maxLength: length })
      .map((digits) => digits.join(''))
      .filter((id) => /[^0]/.test(id));
  fc.assert(
    fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 255 }), (trace, span, traceFlags) => {
      const ids = { traceId: trace, spanId: span, traceFlags };
      const text = formatTraceparent(ids);
      expect(parseTraceparent(text)).toEqual(ids);
      expect(parseTraceParent(text)).toEqual(ids);
      expect(traceparentIsSampled(text)).toBe(traceFlags % 2 === 1);
    }),
    { numRuns: 200 },
  );
});

test('no text at all is sampled by mistake', () => {
  for (const text of ['', 'x', `00-${traceId}-${spanId}-0`, `00-${traceId}-${spanId}-0z`]) {
    expect(traceparentIsSampled(text)).toBe(false);
  }
});
