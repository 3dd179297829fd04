import { LowWaterMarks } from './low-water-marks.js';

let now = 0;
let marks: LowWaterMarks;
beforeEach(() => {
  now = 0;
  marks = new LowWaterMarks({ queue: 'q', priority: 1 }, () => now);
});

const low = (shard: number): number => marks.positions([shard])[0]!.low;

it('begins at 0, and moves over deleted ids when they are old enough', () => {
  expect(low(3)).toBe(0);
  marks.deleted([{ shard: 3, id: 10 }]);
  now = 249;
  expect(low(3)).toBe(0);
  now = 250;
  expect(low(3)).toBe(10);
  expect(low(4)).toBe(0);
});

it('trails what was deleted last', () => {
  marks.deleted([{ shard: 3, id: 10 }]);
  now = 200;
  marks.deleted([{ shard: 3, id: 20 }]);
  now = 250;
  expect(low(3)).toBe(10);
  now = 499;
  expect(low(3)).toBe(10);
  now = 500;
  expect(low(3)).toBe(20);
});

it('never goes back, and begins anew when another may have led the shard', () => {
  marks.deleted([{ shard: 3, id: 10 }]);
  now = 250;
  expect(low(3)).toBe(10);
  marks.deleted([{ shard: 3, id: 4 }]);
  now = 2_000;
  expect(low(3)).toBe(10);
  marks.forget([3]);
  expect(low(3)).toBe(0);
});
