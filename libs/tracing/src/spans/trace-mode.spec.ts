import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { startTraceFor, traceMode } from './trace-mode.js';

test.each([
  [{}, 'continue'],
  [{ delayMs: 3_600_000 }, 'continue'],
  [{ delayMs: 3_600_001 }, 'link'],
  [{ fanOut: 100 }, 'continue'],
  [{ fanOut: 101 }, 'link'],
  [{ scheduled: true }, 'link'],
] as const)('%j: %s', (options, mode) => {
  expect(traceMode(options)).toBe(mode);
});

test('in link mode the origin becomes a link', () => {
  const origin = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 };
  const from = trace.setSpanContext(ROOT_CONTEXT, origin);
  const { context, links } = startTraceFor({ scheduled: true }, from);
  expect(trace.getSpanContext(context)).toBeUndefined();
  expect(links).toEqual([{ context: origin }]);
  expect(startTraceFor({ scheduled: true }, ROOT_CONTEXT).links).toEqual([]);
});
