import { BatonError } from '@baton/contracts';
import { CronRuns } from './cron.js';

function runs(cron: string, timezone: string, from: string, count: number): string[] {
  return new CronRuns({ cron, timezone })
    .next(Date.parse(from), count)
    .map((ms) => new Date(ms).toISOString().slice(0, 19));
}

const cases: [string, string, string, string, string[]][] = [
  [
    'a local time that does not exist: at the next that does',
    '30 2 * * *',
    'Europe/Berlin',
    '2026-03-28T00:00:00Z',
    ['2026-03-28T01:30:00', '2026-03-29T01:00:00', '2026-03-30T00:30:00'],
  ],
  [
    'several that do not exist: once',
    '*/15 2 * * *',
    'Europe/Berlin',
    '2026-03-29T00:00:00Z',
    ['2026-03-29T01:00:00', '2026-03-30T00:00:00', '2026-03-30T00:15:00'],
  ],
  [
    'a local time that comes twice: once, the first time',
    '30 2 * * *',
    'Europe/Berlin',
    '2026-10-24T12:00:00Z',
    ['2026-10-25T00:30:00', '2026-10-26T01:30:00'],
  ],
  [
    'steps in an hour that comes twice: each once',
    '*/30 2 * * *',
    'Europe/Berlin',
    '2026-10-24T12:00:00Z',
    ['2026-10-25T00:00:00', '2026-10-25T00:30:00', '2026-10-26T01:00:00'],
  ],
  [
    'every second hour, one of them twice: once',
    '0 */2 * * *',
    'Europe/Berlin',
    '2026-10-24T21:00:00Z',
    ['2026-10-24T22:00:00', '2026-10-25T00:00:00', '2026-10-25T03:00:00'],
  ],
  [
    'seconds in a minute that comes twice: each once',
    '*/30 30 2 * * *',
    'Europe/Berlin',
    '2026-10-24T12:00:00Z',
    ['2026-10-25T00:30:00', '2026-10-25T00:30:30', '2026-10-26T01:30:00'],
  ],
  [
    'each hour: as time passes, also where a clock is put back',
    '0 * * * *',
    'Europe/Berlin',
    '2026-10-24T23:30:00Z',
    ['2026-10-25T00:00:00', '2026-10-25T01:00:00', '2026-10-25T02:00:00'],
  ],
  [
    'each half hour: as time passes, also where a clock is put forward',
    '*/30 * * * *',
    'Europe/Berlin',
    '2026-03-29T00:15:00Z',
    ['2026-03-29T00:30:00', '2026-03-29T01:00:00', '2026-03-29T01:30:00'],
  ],
  [
    'a clock that moves by half an hour, forward',
    '15 2 * * *',
    'Australia/Lord_Howe',
    '2026-10-02T16:00:00Z',
    ['2026-10-03T15:30:00', '2026-10-04T15:15:00'],
  ],
  [
    'a clock that moves by half an hour, back',
    '45 1 * * *',
    'Australia/Lord_Howe',
    '2026-04-03T15:00:00Z',
    ['2026-04-04T14:45:00', '2026-04-05T15:15:00'],
  ],
  [
    'a zone whose summer is its standard time, forward',
    '30 1 * * *',
    'Europe/Dublin',
    '2026-03-28T12:00:00Z',
    ['2026-03-29T01:00:00', '2026-03-30T00:30:00'],
  ],
  [
    'a zone whose summer is its standard time, back',
    '30 1 * * *',
    'Europe/Dublin',
    '2026-10-24T12:00:00Z',
    ['2026-10-25T00:30:00', '2026-10-26T01:30:00'],
  ],
  [
    'midnight that does not exist',
    '0 0 * * *',
    'America/Sao_Paulo',
    '2018-11-03T12:00:00Z',
    ['2018-11-04T03:00:00', '2018-11-05T02:00:00'],
  ],
  ['a leap day', '0 0 29 2 *', 'UTC', '2026-01-01T00:00:00Z', ['2028-02-29T00:00:00', '2032-02-29T00:00:00']],
  [
    'the last day of a month',
    '0 6 L * *',
    'UTC',
    '2026-02-01T00:00:00Z',
    ['2026-02-28T06:00:00', '2026-03-31T06:00:00'],
  ],
  [
    'from the middle of a second',
    '* * * * * *',
    'UTC',
    '2026-02-01T00:00:00.500Z',
    ['2026-02-01T00:00:01', '2026-02-01T00:00:02'],
  ],
];
test.each(cases)('%s: %s in %s', (_what, cron, timezone, from, expected) => {
  expect(runs(cron, timezone, from, expected.length)).toEqual(expected);
});

test('one that never comes has no next run', () => {
  expect(new CronRuns({ cron: '0 0 31 2 *', timezone: 'UTC' }).after(0)).toBeUndefined();
});

test.each([
  ['* * * *', '4 fields'],
  ['* * * * * * *', '7 fields'],
  ['@daily', '1 fields'],
  ['61 * * * *', '61'],
  ['? * * * *', 'means nothing'],
  ['5-1 * * * *', '5'],
])('refuses %s and says why', (cron, why) => {
  const make = (): CronRuns => new CronRuns({ cron, timezone: 'UTC' });
  expect(make).toThrow(BatonError);
  expect(make).toThrow(why);
});

test('refuses a time zone that is none', () => {
  expect(() => new CronRuns({ cron: '* * * * *', timezone: 'Mars/Phobos' })).toThrow(/Mars\/Phobos/);
});

test('finds the last runs of a long time, and of a short one', () => {
  const each = new CronRuns({ cron: '* * * * * *', timezone: 'UTC' });
  const to = Date.parse('2026-01-01T00:00:00Z');
  expect(each.latest(0, to, 3)).toEqual([to - 2_000, to - 1_000, to]);
  expect(each.latest(to - 1_000, to, 100)).toEqual([to - 1_000, to]);
  const yearly = new CronRuns({ cron: '0 0 1 1 *', timezone: 'UTC' });
  const years = [2023, 2024, 2025, 2026].map((year) => Date.UTC(year, 0, 1));
  expect(yearly.latest(years[0]!, to, 100)).toEqual(years);
  expect(yearly.latest(to + 1, to + 1_000, 5)).toEqual([]);
});
