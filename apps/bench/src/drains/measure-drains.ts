import type { DispatchMode } from '@baton/contracts';
import { BenchError } from '../bench.error.js';
import { BatonContender } from '../contenders/baton/baton-contender.js';
import { formatNumber } from '../report/format.js';
import { type Table, textTable } from '../report/table.js';
import type { BenchContext } from '../run/bench-context.js';
import { median } from '../statistics/statistics.js';
import type { Figures } from '../workloads/workload.js';
import { type DrainVariant, gateVariants, laneVariants } from './drain-variant.js';

export interface MeasuredVariant {
  name: string;
  /** One a round. */
  rounds: Figures[];
}

/**
 * Workloads 12 (`lanes`) and 13 (`gates`): the drain of workload 3 with ordering keys, or behind limits, beside the plain
 * one in the same rounds. Each job must have succeeded, and the order of each key have been kept.
 * @returns a table as text: jobs a second, and the part that is left of the first line's
 */
export async function measureDrains(
  context: BenchContext,
  { what, mode }: { what: 'lanes' | 'gates'; mode: DispatchMode },
  print: (line: string) => void,
): Promise<string> {
  const id = `baton-${mode}`;
  const contender = new BatonContender(context, { id, label: `Baton, ${mode}`, mode, allSampled: false });
  const { drainJobs, runs } = context.settings;
  const variants =
    what === 'lanes' ? laneVariants(drainJobs) : gateVariants(drainJobs, contender.drainConcurrency);
  const measured = variants.map(({ name }): MeasuredVariant => ({ name, rounds: [] }));
  for (let run = 1; run <= runs; run++) {
    for (const [i, variant] of variants.entries()) {
      const figures = await drainOnce(contender, variant);
      measured[i]!.rounds.push(figures);
      print(`run ${run}, ${variant.name}: ${Math.round(figures['jobsPerSecond']!)} jobs/s`);
    }
  }
  return textTable(drainTable(measured));
}

async function drainOnce(contender: BatonContender, variant: DrainVariant): Promise<Figures> {
  const session = await contender.openDrain(variant);
  try {
    const queuedPerSecond = await session.queue(variant.jobs);
    const figures = await session.drain(variant.jobs);
    const { outOfOrder, hotPerSecond, othersPerSecond } = await session.keys();
    if (outOfOrder > 0)
      throw new BenchError(`${variant.name}: ${outOfOrder} jobs ended before one that stood before them`);
    return {
      ...figures,
      queuedPerSecond,
      ...(hotPerSecond !== null && { hotPerSecond }),
      ...(othersPerSecond !== null && { othersPerSecond }),
    };
  } finally {
    await session.close();
  }
}

/** Medians over the rounds; a line's part is of the first line of the same run. */
export function drainTable(measured: readonly MeasuredVariant[]): Table {
  const of = ({ rounds }: MeasuredVariant, figure: string): number =>
    median(rounds.flatMap((figures) => figures[figure] ?? []));
  const [first] = measured;
  return {
    columns: [
      '',
      '>drained, jobs/s',
      '>of the first',
      '>queued, jobs/s',
      '>hot key, jobs/s',
      '>keyless, jobs/s',
    ],
    rows: measured.map((variant) => [
      variant.name,
      formatNumber(of(variant, 'jobsPerSecond')),
      first ? `${((100 * of(variant, 'jobsPerSecond')) / of(first, 'jobsPerSecond')).toFixed(0)} %` : '–',
      formatNumber(of(variant, 'queuedPerSecond')),
      formatNumber(of(variant, 'hotPerSecond')),
      formatNumber(of(variant, 'othersPerSecond')),
    ]),
  };
}
