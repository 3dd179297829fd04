import { ResultBoard } from './result-board.js';

test('a result reaches who waits, before or after it came', async () => {
  const board = new ResultBoard();
  const early = board.wait('a', 1_000);
  board.tell('a', 1);
  board.tell('b', 2);
  expect(await early).toBe(1);
  expect(await board.wait('b', 1_000)).toBe(2);
});

test('a result is taken once, and no result is undefined', async () => {
  const board = new ResultBoard();
  board.tell('a', 0);
  expect(await board.wait('a', 1_000)).toBe(0);
  expect(await board.wait('a', 1)).toBeUndefined();
});
