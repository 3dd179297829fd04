import { RetryLearner } from './retry-learner.js';

const now = 1_700_000_000_000;

it('says a second while nothing is known, and ever later while a job goes on', () => {
  const learner = new RetryLearner();
  const after = (waitedMs: number): number =>
    learner.retryAfterSeconds({ queue: 'q', state: 'running', queuedAtMs: now - waitedMs }, now);
  expect([0, 2_000, 20_000, 3_600_000].map(after)).toEqual([1, 1, 10, 60]);
});

it('says when the median job would be done, then when nine of ten would be', () => {
  const learner = new RetryLearner();
  for (let i = 1; i <= 10; i++) learner.observe('q', i * 2_000);
  const after = (waitedMs: number): number =>
    learner.retryAfterSeconds({ queue: 'q', state: 'queued', queuedAtMs: now - waitedMs }, now);
  expect([0, 5_000, 12_500, 30_000].map(after)).toEqual([12, 7, 8, 15]);
  expect(learner.retryAfterSeconds({ queue: 'other', state: 'queued', queuedAtMs: now }, now)).toBe(1);
});

it('waits for the time of a scheduled job, and forgets what a queue was like long ago', () => {
  const learner = new RetryLearner();
  for (let i = 0; i < 64; i++) learner.observe('q', 40_000);
  for (let i = 0; i < 64; i++) learner.observe('q', 1_500);
  expect(learner.retryAfterSeconds({ queue: 'q', state: 'scheduled', runAtMs: now + 5_000 }, now)).toBe(7);
  expect(learner.retryAfterSeconds({ queue: 'q', state: 'scheduled', runAtMs: now + 86_400_000 }, now)).toBe(
    60,
  );
});

it('a median pollster asks twice: at once, and when it is told to', () => {
  const learner = new RetryLearner();
  for (const tookMs of [8_000, 9_000, 10_000, 11_000, 12_000]) learner.observe('q', tookMs);
  let asked = 0;
  for (let at = 0; at < 10_000; asked++)
    at += 1_000 * learner.retryAfterSeconds({ queue: 'q', state: 'running', queuedAtMs: now }, now + at);
  expect(asked).toBe(1);
});
