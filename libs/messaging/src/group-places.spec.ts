import { groupPlaces } from './group-places.js';

const at = (partition: number, offset: bigint) => ({ topic: 't', partition, offset });

test('neighbouring offsets make one run, a gap begins another', () => {
  expect(groupPlaces([at(0, 5n), at(1, 9n), at(0, 6n), at(0, 8n)])).toEqual([
    { topic: 't', partition: 0, baseOffset: 5n, count: 2 },
    { topic: 't', partition: 1, baseOffset: 9n, count: 1 },
    { topic: 't', partition: 0, baseOffset: 8n, count: 1 },
  ]);
});
