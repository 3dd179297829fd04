import { submitAll } from './submit-all.js';

test('each job is in one batch, and the last batch holds the rest', async () => {
  const batches: [number, number][] = [];
  const submitMany = async (from: number, count: number): Promise<void> => {
    await Promise.resolve();
    batches.push([from, count]);
  };
  const perSecond = await submitAll(submitMany, { jobs: 25, batchJobs: 10, batchesAtOnce: 2 });
  expect(batches.toSorted(([a], [b]) => a - b)).toEqual([
    [0, 10],
    [10, 10],
    [20, 5],
  ]);
  expect(perSecond).toBeGreaterThan(0);
});
