import { formatDuration, parseDuration } from './duration.js';

it.each([
  ['250ms', 250],
  ['2s', 2_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['7d', 604_800_000],
  [1_500, 1_500],
  [0, 0],
])('reads %p as %p ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

it.each(['', '5', 'm5', '1.5s', '-1s', '1 s', -1, 1.5, null, {}])('refuses %p', (value) => {
  expect(parseDuration(value)).toBeUndefined();
});

it('writes the shortest exact spelling', () => {
  expect([250, 2_000, 300_000, 90_000, 86_400_000, 0].map(formatDuration)).toEqual([
    '250ms',
    '2s',
    '5m',
    '90s',
    '1d',
    '0ms',
  ]);
});
