import type { DrainReport, DrainStage } from './drain.js';
import { DrainRegistry } from './drain-registry.js';

/** Two drains of a stage, the first of which ends only when it is let. */
function stopping(stage: DrainStage) {
  const drains = new DrainRegistry();
  const begun: string[] = [];
  const reports: DrainReport[] = [];
  let letEnd!: () => void;
  const slow = new Promise<void>((resolve) => (letEnd = resolve));
  for (const [name, ends] of [
    ['slow', slow],
    ['quick', Promise.resolve()],
  ] as const) {
    const drain = (): Promise<void> => {
      begun.push(name);
      return ends;
    };
    drains.add({ name, stage, timeoutMs: 10_000, drain });
  }
  const done = drains.run(stage, (report) => reports.push(report));
  return { begun, reports, letEnd, done };
}

test('what is let go of is let go of at once: nobody waits at one for a slow one', async () => {
  const { begun, reports, letEnd, done } = stopping('release');
  expect(begun).toEqual(['slow', 'quick']);
  letEnd();
  await done;
  expect(reports.map(({ ok }) => ok)).toEqual([true, true]);
});

test('what is flushed is flushed in order: what the first begins the next has to end', async () => {
  const { begun, letEnd, done } = stopping('flush');
  expect(begun).toEqual(['slow']);
  letEnd();
  await done;
  expect(begun).toEqual(['slow', 'quick']);
});

test('one that fails or is late is reported, and keeps no other from running', async () => {
  const drains = new DrainRegistry();
  const fails = () => Promise.reject(new Error('no'));
  drains.add({ name: 'fails', timeoutMs: 10_000, drain: fails });
  drains.add({ name: 'late', timeoutMs: 5, drain: () => new Promise(() => undefined) });
  drains.add({ name: 'ends', timeoutMs: 10_000, drain: () => Promise.resolve() });
  const reports: DrainReport[] = [];
  await drains.run('release', (report) => reports.push(report));
  expect(Object.fromEntries(reports.map(({ name, ok }) => [name, ok]))).toEqual({
    fails: false,
    late: false,
    ends: true,
  });
});
