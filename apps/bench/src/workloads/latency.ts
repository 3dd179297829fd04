import { mean, percentile } from '../statistics/statistics.js';
import type { Caller } from './caller.js';
import type { Figures } from './workload.js';

/** One client submits a job, waits for its result, and submits the next. */
export async function runSequential(caller: Caller, jobs: number): Promise<Figures> {
  const tookMs: number[] = [];
  for (let n = 0; n < jobs; n++) {
    const begun = performance.now();
    await submit(caller, n);
    tookMs.push(performance.now() - begun);
  }
  return {
    p50Ms: percentile(tookMs, 0.5),
    p95Ms: percentile(tookMs, 0.95),
    p99Ms: percentile(tookMs, 0.99),
    averageMs: mean(tookMs),
  };
}

/** So many clients at once, each with one job in hand, until all jobs are done. */
export async function runConcurrent(
  caller: Caller,
  { jobs, clients }: { jobs: number; clients: number },
): Promise<Figures> {
  let next = 0;
  const begun = performance.now();
  const client = async (): Promise<void> => {
    while (next < jobs) await submit(caller, next++);
  };
  await Promise.all(Array.from({ length: clients }, client));
  const seconds = (performance.now() - begun) / 1_000;
  return { jobsPerSecond: jobs / seconds, tookSeconds: seconds };
}

async function submit(caller: Caller, n: number): Promise<void> {
  const result = await caller.submitAndWait(n);
  if (result !== n) throw new TypeError(`The job with payload ${n} came back with ${JSON.stringify(result)}`);
}
