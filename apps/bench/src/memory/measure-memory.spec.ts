import { memoryTable } from './measure-memory.js';
import { residentMb } from './resident-memory.js';

it('reads what a process holds, and leaves out one that is gone', () => {
  const { own, gone } = residentMb({ own: process.pid, gone: 2 ** 30 });
  expect(own).toBeGreaterThan(20);
  expect(gone).toBeUndefined();
});

it('tells what a service keeps of a million jobs', () => {
  const table = memoryTable({
    atRest: { worker: 100 },
    first: { worker: 150 },
    second: { worker: 160 },
    drainJobs: 500_000,
  });
  expect(table.rows).toEqual([['worker', '100', '150', '160', '20']]);
});
