import { lagOf } from './lag.js';

test.each([
  ['nothing committed', { low: 10n, high: 25n, committed: undefined }, 15n],
  ['committed', { low: 10n, high: 25n, committed: 20n }, 5n],
  ['committed before the log was trimmed', { low: 10n, high: 25n, committed: 3n }, 15n],
  ['all read', { low: 10n, high: 25n, committed: 25n }, 0n],
  ['a log made anew behind an old group', { low: 0n, high: 4n, committed: 25n }, 0n],
])('%s', (_case, partition, lag) => {
  expect(lagOf(partition)).toBe(lag);
});
