import type { Caller } from './caller.js';
import { runConcurrent, runSequential } from './latency.js';

/** Answers after one turn of the event loop, and counts what is in flight. */
class EchoCaller implements Caller {
  readonly seen: number[] = [];
  inFlight = 0;
  most = 0;

  async submitAndWait(n: number): Promise<number> {
    this.seen.push(n);
    this.most = Math.max(this.most, ++this.inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    this.inFlight--;
    return n;
  }
}

test('sequential: one job at a time, and its latencies', async () => {
  const caller = new EchoCaller();
  const figures = await runSequential(caller, 10);
  expect(caller.seen).toEqual(Array.from({ length: 10 }, (_, i) => i));
  expect(caller.most).toBe(1);
  expect(Object.keys(figures)).toEqual(['p50Ms', 'p95Ms', 'p99Ms', 'averageMs']);
  expect(Object.values(figures).every((value) => value > 0)).toBe(true);
});

test('concurrent: each job once, as many at once as there are clients', async () => {
  const caller = new EchoCaller();
  const figures = await runConcurrent(caller, { jobs: 50, clients: 7 });
  expect(caller.seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 50 }, (_, i) => i));
  expect(caller.most).toBe(7);
  expect(figures['jobsPerSecond']! * figures['tookSeconds']!).toBeCloseTo(50);
});

test("another job's result is an error, not a figure", async () => {
  await expect(runSequential({ submitAndWait: () => Promise.resolve(7) }, 1)).rejects.toThrow(
    'payload 0 came back with 7',
  );
});
