import { trace } from '@opentelemetry/api';
import { collectSpans } from '../testing/collect-spans.js';
import { flushTracing, shutdownTracing } from './flush-tracing.js';

afterEach(() => trace.disable());

test('without an SDK there is nothing to flush', async () => {
  expect(await flushTracing()).toBe('absent');
  expect(await shutdownTracing()).toBe('absent');
});

test('flushes the SDK that is there', async () => {
  const collector = collectSpans();
  expect(await flushTracing()).toBe('flushed');
  await collector.close();
});

test('does not wait for ever, and does not throw', async () => {
  let flush = (): Promise<void> => new Promise(() => undefined);
  const provider = { getTracer: () => trace.getTracer('x'), forceFlush: () => flush() };
  trace.setGlobalTracerProvider(provider);
  expect(await flushTracing({ timeoutMs: 5 })).toBe('timed-out');
  flush = () => Promise.reject(new Error('collector away'));
  expect(await flushTracing()).toBe('failed');
});
