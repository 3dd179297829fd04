import type { RunArguments } from '../arguments/bench-arguments.js';
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

/**
 * Rounds of turns: in each round every contender, and the limits, take one turn, so that a machine that
 * slows down or speeds up meanwhile does so for all.
 */
export async function runBench(
  context: BenchContext,
  { contenders: ids, only, limits: withLimits }: Pick<RunArguments, 'contenders' | 'only' | 'limits'>,
  print: (line: string) => void,
): Promise<BenchReport> {
  const { servers, settings } = context;
  const startedAt = new Date();
  const contenders = ids
    .map((id) => makeContender(context, id))
    .filter(({ doors }) => doors.length > 0 || only.includes(3));
  const samples: Sample[] = [];
  const limitSamples: Limits[] = [];
  for (let run = 1; run <= settings.runs; run++) {
    if (withLimits) {
      print(`round ${run} of ${settings.runs}: the limits`);
      limitSamples.push(await measureLimits(context));
    }
    for (const contender of contenders) {
      print(`round ${run} of ${settings.runs}: ${contender.label}`);
      const taken = await takeTurn(context, { contender, workloads: only, run });
      samples.push(...taken);
      print(taken.map(showSample).join('\n'));
    }
  }
  const limits = limitSamples.length > 0 ? (medianFigures(limitSamples) as Limits) : undefined;
  const { databaseUrl, redisUrl, kafkaBrokers } = servers.addresses;
  return {
    startedAt: startedAt.toISOString(),
    tookSeconds: Math.round((Date.now() - startedAt.getTime()) / 1_000),
    machine: describeMachine(),
    versions: await readVersions({ databaseUrl, redisUrl, usesKafka: kafkaBrokers !== undefined }),
    settings,
    rows: compare(samples, { contenders, limits }).map(describeRow),
    ...(limits && { limits }),
    samples,
    limitSamples,
  };
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
