import type { RunArguments } from '../arguments/bench-arguments.js';
import type { Contender } from '../contenders/contender.js';
import { makeContender } from '../contenders/make-contender.js';
import { measureLimits } from '../limits/measure-limits.js';
import type { Limits } from '../limits/limits.js';
import { describeMachine } from '../machine/machine.js';
import { readVersions } from '../machine/versions.js';
import type { BenchReport } from '../report/bench-report.js';
import { compare } from '../report/compare.js';
import { formatNumber } from '../report/format.js';
import { medianFigures } from '../statistics/statistics.js';
import { workloadDescriptions, type Sample } from '../workloads/workload.js';
import type { BenchContext } from './bench-context.js';
import { takeTurn } from './take-turn.js';

type Wanted = Pick<RunArguments, 'contenders' | 'only' | 'limits'>;

/**
 * Rounds of turns: in each round every contender, and the limits, take one turn, so that a machine that
 * slows down or speeds up meanwhile does so for all. A turn that fails is noted, and the others go on.
 */
export async function runBench(
  context: BenchContext,
  wanted: Wanted,
  print: (line: string) => void,
): Promise<BenchReport> {
  const startedAt = new Date();
  const contenders = wanted.contenders
    .map((id) => makeContender(context, id))
    .filter(({ doors }) => doors.length > 0 || wanted.only.includes(3));
  const taken = await takeRounds(context, { contenders, wanted, print });
  const limits = taken.limitSamples.length > 0 ? (medianFigures(taken.limitSamples) as Limits) : undefined;
  const { databaseUrl, redisUrl, kafkaBrokers } = context.servers.addresses;
  return {
    startedAt: startedAt.toISOString(),
    tookSeconds: Math.round((Date.now() - startedAt.getTime()) / 1_000),
    machine: describeMachine(),
    versions: await readVersions({ databaseUrl, redisUrl, usesKafka: kafkaBrokers !== undefined }),
    settings: context.settings,
    rows: compare(taken.samples, { contenders, limits }).map(describeRow),
    ...(limits && { limits }),
    ...taken,
  };
}

type Taken = Pick<BenchReport, 'samples' | 'limitSamples' | 'failures'>;

async function takeRounds(
  context: BenchContext,
  {
    contenders,
    wanted,
    print,
  }: { contenders: readonly Contender[]; wanted: Wanted; print: (line: string) => void },
): Promise<Taken> {
  const { servers, settings } = context;
  const taken: Taken = { samples: [], limitSamples: [], failures: [] };
  const take = async (turn: string, work: () => Promise<void>): Promise<void> => {
    print(turn);
    try {
      await work();
    } catch (error) {
      if (servers.isStopped) throw error;
      const why = error instanceof Error ? error.message : String(error);
      print(`  failed: ${why}`);
      taken.failures.push({ turn, why });
    }
  };
  for (let run = 1; run <= settings.runs; run++) {
    const round = `round ${run} of ${settings.runs}`;
    if (wanted.limits) {
      await take(`${round}: the limits`, async () => {
        taken.limitSamples.push(await measureLimits(context));
      });
    }
    for (const contender of contenders) {
      await take(`${round}: ${contender.label}`, () =>
        takeTurn(context, { contender, workloads: wanted.only, run }, (sample) => {
          taken.samples.push(sample);
          print(showSample(sample));
        }),
      );
    }
  }
  return taken;
}

/** A row of data alone: the contender's own class stays here. */
function describeRow(row: BenchReport['rows'][number]): BenchReport['rows'][number] {
  const { id, label, kind, ground, drainConcurrency } = row.contender;
  return { ...row, contender: { id, label, kind, ground, drainConcurrency } };
}

function showSample({ workload, door, figures }: Sample): string {
  const { name, unit } = workloadDescriptions[workload].primary;
  return `  workload ${workload}${workload === 3 ? '' : `, ${door}`}: ${formatNumber(figures[name])} ${unit}`;
}
