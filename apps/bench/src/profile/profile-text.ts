import { formatNumber, formatShare } from '../report/format.js';
import { textTable } from '../report/table.js';
import type { ProfileSummary } from './cpu-profile.js';
import type { StatementTime } from './top-statements.sql.js';

const shownFunctions = 20;
const shownPackages = 10;
const shownChars = 90;

/** One service's profile, for a terminal. */
export function profileText(name: string, { busySeconds, functions, packages }: ProfileSummary): string {
  const part = (seconds: number): string => formatShare(seconds / busySeconds);
  const rows = (times: ProfileSummary['functions']): string[][] =>
    times.map(({ where, seconds }) => [formatNumber(seconds), part(seconds), where]);
  return [
    `${name}: busy for ${formatNumber(busySeconds)} s`,
    textTable({
      columns: ['>s', '>part', 'function, itself'],
      rows: rows(functions.slice(0, shownFunctions)),
    }),
    textTable({ columns: ['>s', '>part', 'package'], rows: rows(packages.slice(0, shownPackages)) }),
  ].join('\n\n');
}

export function statementsText(statements: readonly StatementTime[]): string {
  return textTable({
    columns: ['>s', '>calls', '>mean ms', '>rows', 'statement'],
    rows: statements.map(({ totalSeconds, calls, meanMs, rows, statement }) => [
      formatNumber(totalSeconds),
      String(calls),
      formatNumber(meanMs),
      String(rows),
      statement.slice(0, shownChars),
    ]),
  });
}

export function cpuText(seconds: Readonly<Record<string, number>>): string {
  const rows = Object.entries(seconds).toSorted(([, a], [, b]) => b - a);
  return textTable({
    columns: ['process', '>CPU s'],
    rows: rows.map(([name, used]) => [name, formatNumber(used)]),
  });
}
