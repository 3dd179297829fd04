import { PollGuard } from './poll-guard.js';

it('advises, then refuses, who polls each second whatever it was told, and forgives who keeps to it', () => {
  const guard = new PollGuard();
  const answers = Array.from({ length: 30 }, (_, second) => guard.pending('key/job', 20, second * 1_000));
  expect(answers.slice(0, 5)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(answers[5]).toMatch(/asked for 5 times before .* "Prefer: wait=30"/);
  expect(() => guard.pending('key/job', 20, 30_000)).toThrow(/asked for 30 times/);
  expect(guard.pending('key/other', 20, 30_000)).toBeUndefined();
  expect(guard.pending('key/job', 20, 60_000)).toBeUndefined();
});

it('only advises where a job is looked at, however often', () => {
  const guard = new PollGuard();
  const answers = Array.from({ length: 100 }, (_, second) => guard.looked('key/job', 20, second * 1_000));
  expect(answers.filter((words) => words !== undefined)).toHaveLength(95);
});

it('has nothing against polling each second where a second is what it says', () => {
  const guard = new PollGuard();
  for (let second = 0; second < 100; second++)
    expect(guard.pending('key/job', 1, second * 1_000)).toBeUndefined();
});
