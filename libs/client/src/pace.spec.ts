import { backoffMs, noSoonerMs, pause } from './pace.js';

const backoff = { firstMs: 1_000, mostMs: 60_000 };

it('waits 1, 2, 4 … 60 s, of which half is chance', () => {
  const seconds = (random: number): number[] =>
    [1, 2, 3, 6, 7, 500].map((failures) => backoffMs(failures, { ...backoff, random: () => random }) / 1_000);
  expect(seconds(1)).toEqual([1, 2, 4, 32, 60, 60]);
  expect(seconds(0)).toEqual([0.5, 1, 2, 16, 30, 30]);
});

it('never comes sooner than it was told to', () => {
  expect([0, 1].map((random) => noSoonerMs(10, () => random))).toEqual([10_000, 11_000]);
});

it('pauses until it is told to stop', async () => {
  const stop = new AbortController();
  const paused = pause(60_000, stop.signal);
  stop.abort(new Error('stop'));
  await expect(paused).rejects.toThrow('stop');
  await expect(pause(1, stop.signal)).rejects.toThrow('stop');
});
