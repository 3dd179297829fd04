import { formatNumber, formatShare, formatTimes } from './format.js';
import { markdownTable, textTable } from './table.js';

const table = {
  columns: ['contender', '>jobs/s'],
  rows: [
    ['Baton', '12,600'],
    ['a | b', '7'],
  ],
};

test('on a terminal columns line up, numbers to the right', () => {
  expect(textTable(table)).toBe(
    ['contender  jobs/s', '─────────  ──────', 'Baton      12,600', 'a | b           7'].join('\n'),
  );
});

test('on a page a bar in a cell does not split it', () => {
  expect(markdownTable(table)).toBe(
    ['| contender | jobs/s |', '| --- | ---: |', '| Baton | 12,600 |', '| a \\| b | 7 |'].join('\n'),
  );
});

test('numbers have three figures, and what was not measured is a dash', () => {
  expect([0.3521, 3.5, 35.19, 352.4, 12_648, 1_000_000].map(formatNumber)).toEqual([
    '0.352',
    '3.50',
    '35.2',
    '352',
    '12,600',
    '1,000,000',
  ]);
  expect([
    formatNumber(undefined),
    formatNumber(Number.NaN),
    formatNumber(0),
    formatNumber(0.9999),
    formatNumber(0.0123),
  ]).toEqual(['–', '–', '0.000', '1.00', '0.012']);
  expect([formatTimes(1.5), formatTimes(undefined), formatShare(0.806), formatShare(undefined)]).toEqual([
    '1.50 ×',
    '–',
    '81 %',
    '–',
  ]);
});
