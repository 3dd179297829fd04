import { traceParents } from './trace-parents.js';

const sampledOf = (share: number, count: number): number => {
  const next = traceParents(share);
  return Array.from({ length: count }, () => next().traceparent).filter((text) => text.endsWith('-01'))
    .length;
};

test('one in ten is sampled, or all, or none', () => {
  expect([sampledOf(0.1, 100), sampledOf(1, 100), sampledOf(0, 100)]).toEqual([10, 100, 0]);
});

test('each is a trace of its own, in the standard form', () => {
  const next = traceParents(0.1);
  const made = Array.from({ length: 50 }, () => next().traceparent);
  expect(new Set(made.map((text) => text.split('-')[1])).size).toBe(50);
  for (const text of made) expect(text).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/);
});
