import type { BenchReport } from './bench-report.js';
import { limitTable, measuredWorkloads, resultTable } from './result-tables.js';
import { markdownTable } from './table.js';
import { standingOf } from './targets.js';

/** A part of the page that each run writes anew; all else is written by hand and kept. */
const parts = ['setting', 'targets', 'results', 'limits'] as const;
type Part = (typeof parts)[number];

const begin = (part: Part): string => `<!-- bench:${part} -->`;
const end = (part: Part): string => `<!-- /bench:${part} -->`;

/** The page with the run's figures in it. @throws TypeError when one of its parts has no place on the page */
export function fillPage(page: string, report: BenchReport): string {
  const texts: Readonly<Record<Part, string>> = {
    setting: settingOf(report),
    targets: targetsOf(report),
    results: resultsOf(report),
    limits: report.limits
      ? markdownTable(limitTable(report.limits))
      : 'The limits were not measured in this run.',
  };
  return parts.reduce((filled, part) => replacePart(filled, part, texts[part]), page);
}

function replacePart(page: string, part: Part, text: string): string {
  const from = page.indexOf(begin(part));
  const to = page.indexOf(end(part));
  if (from < 0 || to < from)
    throw new TypeError(`the page has no place for its ${part}: ${begin(part)} … ${end(part)}`);
  return `${page.slice(0, from + begin(part).length)}\n\n${text}\n\n${page.slice(to)}`;
}

function settingOf({ startedAt, tookSeconds, machine, versions, settings }: BenchReport): string {
  const minutes = (tookSeconds / 60).toFixed(0);
  return [
    `Measured on ${startedAt.slice(0, 10)}, in ${minutes} min, on ${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, ${machine.system}.`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(' · '),
    `Medians of ${settings.runs} runs, the contenders in turn. Workload 1: ${settings.sequentialJobs} jobs. Workload 2: ${settings.concurrentJobs} jobs by ${settings.clients} clients, ${settings.repeats} times a run. Both after ${settings.warmUpJobs} jobs that are not measured, with a worker of ${settings.latencyConcurrency} slots. Workload 3: ${settings.drainJobs.toLocaleString('en-US')} jobs, queued in batches of ${settings.batchJobs.toLocaleString('en-US')}. Of Baton's traces ${settings.sampledShare * 100} % are sampled and sent.`,
  ].join('\n\n');
}

function targetsOf({ rows, limits }: BenchReport): string {
  const verdict = (met: boolean | undefined): string =>
    met === undefined ? 'not measured' : met ? 'reached' : '**not reached**';
  return markdownTable({
    columns: ['workload', 'mode', 'target', '>reached', 'verdict'],
    rows: standingOf(rows, limits).map(({ workload, contender, target, reached, met }) => [
      String(workload),
      contender.replace('baton-', ''),
      target,
      reached,
      verdict(met),
    ]),
  });
}

function resultsOf({ rows }: BenchReport): string {
  return measuredWorkloads(rows)
    .map(({ id, heading }) => `### ${heading}\n\n${markdownTable(resultTable(id, rows))}`)
    .join('\n\n');
}
