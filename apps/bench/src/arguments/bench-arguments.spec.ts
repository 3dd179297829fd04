import { contenderIds, parseBenchArguments } from './bench-arguments.js';

test('without arguments all workloads and contenders run, with the default settings', () => {
  expect(parseBenchArguments([])).toEqual({
    command: 'run',
    only: [1, 2, 3],
    contenders: contenderIds,
    limits: true,
    given: {},
    build: true,
    output: undefined,
  });
});

test('filters and settings', () => {
  const args = [
    '--only',
    '1,2',
    '--contender',
    'graphile,baton-polling',
    '--runs',
    '5',
    '--jobs',
    '2000',
    '--concurrency',
    '50',
    '--no-limits',
    '--no-build',
    '--output',
    'here',
  ];
  expect(parseBenchArguments(args)).toEqual({
    command: 'run',
    only: [1, 2],
    contenders: ['baton-polling', 'graphile'],
    limits: false,
    build: false,
    output: 'here',
    given: { runs: 5, drainJobs: 2_000, drainConcurrency: 50 },
  });
});

test('the other commands', () => {
  expect(parseBenchArguments(['limits', '--runs', '1'])).toMatchObject({
    command: 'limits',
    given: { runs: 1 },
  });
  expect(parseBenchArguments(['profile', '3', 'event'])).toMatchObject({
    command: 'profile',
    workload: 3,
    mode: 'event',
  });
  expect(parseBenchArguments(['gates', 'event'])).toMatchObject({ command: 'gates', mode: 'event' });
  expect(parseBenchArguments(['stream', 'polling'])).toMatchObject({ command: 'stream', mode: 'polling' });
  expect(parseBenchArguments(['--help'])).toBe('help');
});

test.each([
  [['dance'], 'There is no command "dance"; allowed: run, limits, profile'],
  [['--only', '1,9'], 'There is no workload "9"; allowed: 1, 2, 3'],
  [['--contender', 'graphile,sidekiq'], 'There is no contender "sidekiq"; allowed: baton-polling'],
  [['--runs', '0'], '--runs is "0"; allowed: a whole number from 1 to 100'],
  [['--jobs', 'many'], '--jobs is "many"; allowed: a whole number'],
  [['--concurrency', '1.5'], '--concurrency is "1.5"'],
  [['profile', '3'], 'profile wants a workload and a mode'],
  [['profile', '3', 'eager'], 'There is no mode "eager"; allowed: polling, event'],
  [['profile', '3', 'event', 'now'], 'profile takes no "now"'],
  [['lanes'], 'lanes wants a mode'],
  [['limits', 'all'], 'limits takes no "all"'],
  [['--fast'], '--fast'],
])('%j is refused with what is wrong', (args, message) => {
  expect(() => parseBenchArguments(args)).toThrow(message);
});
