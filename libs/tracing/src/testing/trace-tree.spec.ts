import type { SpanRecord } from './span-record.js';
import { traceTree } from './trace-tree.js';

function span(spanId: string, parentSpanId: string | undefined, rest: Partial<SpanRecord>): SpanRecord {
  return {
    traceId: 'aaaa',
    spanId,
    parentSpanId,
    name: spanId,
    kind: 'internal',
    service: 'worker',
    scope: 'baton',
    start: 0,
    durationMs: 1,
    status: 'unset',
    attributes: {},
    links: [],
    ...rest,
  };
}

const spans = [
  span('run', 'produce', {
    start: 1_004,
    durationMs: 120.4,
    status: 'error',
    attributes: { 'error.type': 'timeout', 'baton.job.attempt': 2, 'baton.job.id': 'j' },
    links: [
      { traceId: 'aaaa', spanId: 'wake' },
      { traceId: 'zzzz', spanId: 'zz' },
    ],
  }),
  span('query', 'run', { start: 1_005, scope: 'pg', kind: 'client' }),
  span('work', 'query', { start: 1_006 }),
  span('wake', 'produce', { start: 1_004, attributes: { 'baton.wake.latency_ms': 3 } }),
  span('produce', undefined, { start: 1_000, durationMs: 2, service: 'producer', kind: 'producer' }),
  span('stray', 'gone', { start: 2_000 }),
];

test('is pleasant to read', () => {
  expect(traceTree(spans)).toBe(
    [
      'trace aaaa · 6 spans · 2 services · 1001 ms',
      'produce        producer      +0.0 ms      2.0 ms  producer',
      '├─ run         worker        +4.0 ms      120 ms  internal  ERROR timeout  attempt=2  links: (elsewhere), wake',
      '│  └─ query    worker        +5.0 ms      1.0 ms  client',
      '│     └─ work  worker        +6.0 ms      1.0 ms  internal',
      '└─ wake        worker        +4.0 ms      1.0 ms  internal  wake_ms=3',
      'stray          worker       +1000 ms      1.0 ms  internal  ORPHAN: its parent gone is missing',
    ].join('\n'),
  );
});

test('normalised it has nothing that changes from run to run', () => {
  const later = spans.map((each) => ({ ...each, start: each.start + 5, durationMs: 3, traceId: 'bbbb' }));
  expect(traceTree(later.slice(3), { normalise: true })).toBe(
    [
      'trace 1',
      'produce  producer  producer',
      '└─ wake  worker    internal',
      'stray    worker    internal  ORPHAN: its parent is missing',
    ].join('\n'),
  );
});

test('what is left out hands its children up', () => {
  const tree = traceTree(spans, {
    normalise: true,
    keep: ({ scope }) => scope === 'baton',
    externalParents: ['gone'],
  });
  expect(tree).toContain('│  └─ work');
  expect(tree).not.toContain('query');
  expect(tree).not.toContain('ORPHAN');
});

test('of nothing there is nothing to see', () => {
  expect(traceTree([])).toBe('');
});
