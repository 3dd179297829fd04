import type { BenchReport } from './bench-report.js';
import { limitTable, measuredWorkloads, resultTable } from './result-tables.js';
import { textTable } from './table.js';
import { standingOf } from './targets.js';

/** The report for a terminal. */
export function reportText(report: BenchReport): string {
  const { rows, limits, machine } = report;
  const tables = measuredWorkloads(rows).map(
    ({ id, heading }) => `${heading}\n${textTable(resultTable(id, rows))}`,
  );
  const standing = standingOf(rows, limits).filter(({ met }) => met !== undefined);
  const targets = textTable({
    columns: ['workload', 'mode', 'target', '>reached', ''],
    rows: standing.map(({ workload, contender, target, reached, met }) => [
      String(workload),
      contender,
      target,
      reached,
      met ? 'ok' : 'NOT REACHED',
    ]),
  });
  return [
    ...tables,
    ...(limits ? [textTable(limitTable(limits))] : []),
    ...(standing.length > 0 ? [targets] : []),
    `${machine.cores} cores (${machine.cpu}), ${report.startedAt}`,
  ].join('\n\n');
}
