import { gateVariants, laneVariants } from './drain-variant.js';
import { drainTable } from './measure-drains.js';

it('compares medians with those of the first line', () => {
  const table = drainTable([
    { name: 'plain', rounds: [{ jobsPerSecond: 100 }, { jobsPerSecond: 300 }, { jobsPerSecond: 200 }] },
    { name: 'keyed', rounds: [{ jobsPerSecond: 150, hotPerSecond: 10 }] },
  ]);
  expect(table.rows.map(([name, , part, , hot]) => [name, part, hot])).toEqual([
    ['plain', '100 %', '–'],
    ['keyed', '75 %', '10.0'],
  ]);
});

it('has the jobs of figure 12: 1,000 keys of 100, and a hot one of 5,000', () => {
  const [, keyed, hot] = laneVariants(100_000);
  expect([keyed!.jobs, hot!.jobs]).toEqual([100_000, 5_000]);
  expect(
    new Set(Array.from({ length: keyed!.jobs }, (_, n) => JSON.stringify(keyed!.fieldsOf(n)))).size,
  ).toBe(1_000);
});

it('has no limit below what the worker runs at once', () => {
  expect(gateVariants(1_000, 500)[1]!.settings).toEqual({ concurrency: { total: 500 } });
});
