import { defaultBackoff, retryDelayMs } from './backoff.js';

it('doubles, within its bound, and moves by at most the jitter', () => {
  const delays = [1, 2, 3, 4].map((failures) => retryDelayMs(defaultBackoff, failures, 0.5));
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000]);
  expect(retryDelayMs(defaultBackoff, 50, 0.5)).toBe(3_600_000);
  expect(retryDelayMs(defaultBackoff, 1, 0)).toBe(800);
  expect(retryDelayMs(defaultBackoff, 1, 0.999_999)).toBe(1_200);
});

it('takes a list’s last delay for all later failures', () => {
  const list = { type: 'list', delays: [10, 20] } as const;
  expect([1, 2, 3].map((failures) => retryDelayMs(list, failures, 0))).toEqual([10, 20, 20]);
});

it('is the same each time when fixed', () => {
  expect(retryDelayMs({ type: 'fixed', delay: 7 }, 9, 0.9)).toBe(7);
});
