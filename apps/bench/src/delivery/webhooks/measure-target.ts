import type { DispatchMode } from '@baton/contracts';
import { formatNumber } from '../../report/format.js';
import { textTable } from '../../report/table.js';
import type { BenchContext } from '../../run/bench-context.js';
import { percentile } from '../../statistics/statistics.js';
import { runRound, type RoundFigures } from './webhook-round.js';

/** A million jobs a day are 12 a second. */
const perSecond = 12;
const burst = { jobs: 100, everySeconds: 10 };
/** Bursts included. */
export const jobsPerSecond = perSecond + burst.jobs / burst.everySeconds;
/** Of each endpoint: what is refused is tried again soon, so that the run has an end. */
const schedule = ['0s', '1s', '2s'];

/**
 * The documents' target: a million jobs a day, 12 a second with bursts of 100. One endpoint in ten is gone, and one refuses a
 * third of what comes. 95 % of the deliveries are taken within 1 s of their job's end; each is made, or in the dead-letter set.
 * @returns a table as text
 */
export async function measureTarget(
  context: BenchContext,
  { mode, seconds }: { mode: DispatchMode; seconds: number },
  print: (line: string) => void,
): Promise<string> {
  const times = arrivals(seconds);
  print(`${times.length} jobs in ${seconds} s`);
  const figures = await runRound(
    context,
    mode,
    {
      mix: { endpoints: 10, dead: 0, slow: 0, gone: 0.1, flaky: 0.1, schedule },
      jobs: times.length,
      times,
      isOver: ({ pending, delivered, dead }) => pending === 0 && delivered + dead >= times.length,
      withinSeconds: 180,
    },
    print,
  );
  return textTable({
    columns: ['what', '>'],
    rows: targetRows(figures, times.length),
  });
}

/** When jobs come: evenly, and a burst besides; milliseconds, in order. */
export function arrivals(seconds: number): number[] {
  const even = Array.from({ length: seconds * perSecond }, (_, n) => (n * 1_000) / perSecond);
  const bursts = Array.from({ length: Math.floor(seconds / burst.everySeconds) }, (_, n) =>
    new Array<number>(burst.jobs).fill((n + 0.5) * burst.everySeconds * 1_000),
  );
  return [...even, ...bursts.flat()].toSorted((a, b) => a - b);
}

export function targetRows({ delivered, dead, lateMs, distinct }: RoundFigures, jobs: number): string[][] {
  const within = lateMs.filter((ms) => ms <= 1_000).length / lateMs.length;
  return [
    ['jobs', String(jobs)],
    ['delivered', String(delivered)],
    ['in the dead-letter set', String(dead)],
    ['neither (to reach: 0)', String(jobs - delivered - dead)],
    ['ids seen by the receiver', String(distinct)],
    ['within 1 s of the end (to reach: 95 %)', `${(100 * within).toFixed(1)} %`],
    [
      'p50, p95, p99 ms',
      [0.5, 0.95, 0.99].map((share) => formatNumber(percentile(lateMs, share))).join(', '),
    ],
  ];
}
