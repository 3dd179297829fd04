import { limitTitles, type LimitName, type Limits } from '../limits/limits.js';
import { workloadDescriptions, type WorkloadId } from '../workloads/workload.js';
import type { Row } from './bench-report.js';
import { formatNumber, formatShare, formatTimes } from './format.js';
import type { Table } from './table.js';

type Column = readonly [name: string, cell: (row: Row) => string];

const figure = (name: string, title: string): Column => [
  `>${title}`,
  ({ figures }) => formatNumber(figures[name]),
];

const who: Column = ['contender', ({ contender }) => contender.label];
const by: Column = ['by', ({ door }) => (door === 'http' ? 'HTTP' : 'calls in one process')];
const beside: readonly Column[] = [
  ['>× PostgreSQL peer', ({ timesPostgresPeer }) => formatTimes(timesPostgresPeer)],
  ['>× Redis peer', ({ timesRedisPeer }) => formatTimes(timesRedisPeer)],
  ['>limit', ({ limit }) => formatNumber(limit)],
  ['>of it', ({ shareOfLimit }) => formatShare(shareOfLimit)],
];
const spread: Column = [
  '>runs, lowest to highest',
  ({ runs, range: [low, high] }) => `${runs}: ${formatNumber(low)} to ${formatNumber(high)}`,
];

const columns: Readonly<Record<WorkloadId, readonly Column[]>> = {
  1: [
    who,
    by,
    figure('p50Ms', 'p50 ms'),
    figure('p99Ms', 'p99 ms'),
    figure('averageMs', 'average ms'),
    ...beside,
    spread,
  ],
  2: [who, by, figure('jobsPerSecond', 'jobs/s'), ...beside, spread],
  3: [
    who,
    ['>at once', ({ contender }) => String(contender.drainConcurrency)],
    figure('jobsPerSecond', 'jobs/s'),
    figure('tookSeconds', 'seconds'),
    figure('queuedPerSecond', 'queued/s'),
    ...beside,
    spread,
  ],
};

/** The rows of one workload, as a table. */
export function resultTable(workload: WorkloadId, rows: readonly Row[]): Table {
  const own = rows.filter((row) => row.workload === workload);
  return {
    columns: columns[workload].map(([name]) => name),
    rows: own.map((row) => columns[workload].map(([, cell]) => cell(row))),
  };
}

export function limitTable(limits: Limits): Table {
  const names = Object.keys(limitTitles) as LimitName[];
  return {
    columns: ['what this machine can do at best', '>'],
    rows: names.map((name) => [limitTitles[name], formatNumber(limits[name])]),
  };
}

/** The workloads that have rows, with their titles. */
export function measuredWorkloads(rows: readonly Row[]): { id: WorkloadId; heading: string }[] {
  const ids = [...new Set(rows.map(({ workload }) => workload))].toSorted();
  return ids.map((id) => ({ id, heading: `${id}. ${workloadDescriptions[id].title}` }));
}
