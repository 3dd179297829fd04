import { streamTable } from './measure-stream.js';

it('tells by how much the last quarter holds more than the second', () => {
  const samples = [100, 120, 150, 140, 150, 150, 155, 149];
  const table = streamTable({ lines: 1_000, seconds: 2, atRest: 90, samples });
  expect(table.rows).toEqual([['1,000', '500', '90.0', '155', '150', '155', '5']]);
});
