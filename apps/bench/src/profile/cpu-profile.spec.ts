import { summarizeProfile, type CpuProfile } from './cpu-profile.js';

const frame = (functionName: string, url = '', lineNumber = 0) => ({ functionName, url, lineNumber });

const profile: CpuProfile = {
  startTime: 1_000_000,
  nodes: [
    { id: 1, callFrame: frame('(idle)') },
    { id: 2, callFrame: frame('query', 'file:///somewhere/node_modules/pg/lib/client.js', 9) },
    { id: 3, callFrame: frame('parse', 'file:///somewhere/node_modules/pg/lib/result.js', 1) },
    { id: 4, callFrame: frame('', 'file:///somewhere/libs/persistence/dist/settle/settle-once.js', 4) },
    { id: 5, callFrame: frame('(garbage collector)') },
    { id: 6, callFrame: frame('writev', 'node:internal/stream_base_commons', 3) },
  ],
  samples: [1, 2, 3, 4, 5, 2, 6],
  timeDeltas: [9e6, 1e6, 2e6, 4e6, 5e5, 2e6, 1e5],
};

test('self time by function and by package, without idle time', () => {
  const summary = summarizeProfile(profile, { from: 0, to: Number.POSITIVE_INFINITY });
  expect(summary.busySeconds).toBeCloseTo(9.6);
  expect(summary.functions.map(({ where }) => where)).toEqual([
    '(anonymous) libs/persistence/dist/settle/settle-once.js:5',
    'query node_modules/pg/lib/client.js:10',
    'parse node_modules/pg/lib/result.js:2',
    '(garbage collector)',
    'writev node:internal/stream_base_commons:4',
  ]);
  expect(summary.packages).toEqual([
    { where: 'node_modules/pg', seconds: 5 },
    { where: 'libs/persistence', seconds: 4 },
    { where: '(garbage collector)', seconds: 0.5 },
    { where: 'node:internal', seconds: 0.1 },
  ]);
});

test('what lies before or after the window does not count', () => {
  const summary = summarizeProfile(profile, { from: 12e6, to: 17.4e6 });
  expect(summary.packages).toEqual([
    { where: 'libs/persistence', seconds: 4 },
    { where: 'node_modules/pg', seconds: 2 },
  ]);
});
