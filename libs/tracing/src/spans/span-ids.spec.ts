import { createHash } from 'node:crypto';
import { trace } from '@opentelemetry/api';
import { collectSpans } from '../testing/collect-spans.js';
import { derivedTraceId, runSpanId, wantedIds, withIds } from './span-ids.js';

test('a run has the first 8 bytes of a hash of job, attempt and execution', () => {
  const hash = createHash('sha256').update('job:2:execution').digest('hex');
  expect(runSpanId('job', 2, 'execution')).toBe(hash.slice(0, 16));
  expect(runSpanId('job', 2, 'execution')).not.toBe(runSpanId('job', 3, 'execution'));
  expect(runSpanId('job', 2, 'execution')).not.toBe(runSpanId('job', 2, 'another'));
});

test('a root gets both wanted ids, the next span neither', async () => {
  const collector = collectSpans();
  const ids = { spanId: runSpanId('job', 1, 'execution'), traceId: derivedTraceId('job') };
  const start = () => trace.getTracer('test').startSpan('span', { root: true });
  expect(withIds(ids, start).spanContext()).toMatchObject(ids);
  const next = start().spanContext();
  expect(next.traceId).not.toBe(ids.traceId);
  expect(next.spanId).not.toBe(ids.spanId);
  await collector.close();
});

test('a wish does not outlive a start that fails', () => {
  expect(() =>
    withIds({ spanId: 'a' }, () => {
      throw new Error('no span');
    }),
  ).toThrow('no span');
  expect(wantedIds()).toEqual({ spanId: undefined, traceId: undefined });
});
