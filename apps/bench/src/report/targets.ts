import type { Limits } from '../limits/limits.js';
import type { WorkloadId } from '../workloads/workload.js';
import type { Row } from './bench-report.js';
import { primaryOf } from './compare.js';
import { formatNumber, formatShare, formatTimes } from './format.js';

export interface TargetStanding {
  workload: WorkloadId;
  contender: string;
  target: string;
  /** Worded; a dash where it was not measured. */
  reached: string;
  met: boolean | undefined;
}

interface Target {
  workload: WorkloadId;
  contender: 'baton-polling' | 'baton-event';
  wanted: string;
  measure: (row: Row, limits: Limits | undefined) => number | undefined;
  isMet: (value: number) => boolean;
  show: (value: number) => string;
}

const figureOf =
  (name: string) =>
  (row: Row): number | undefined =>
    row.figures[name];
const ms = (value: number): string => `${formatNumber(value)} ms`;
const perSecond = (value: number): string => `${formatNumber(value)} jobs/s`;

const targets: readonly Target[] = [
  {
    workload: 1,
    contender: 'baton-polling',
    wanted: 'p50 ≤ 4 ms',
    measure: figureOf('p50Ms'),
    isMet: (v) => v <= 4,
    show: ms,
  },
  {
    workload: 1,
    contender: 'baton-polling',
    wanted: 'p99 ≤ 15 ms',
    measure: figureOf('p99Ms'),
    isMet: (v) => v <= 15,
    show: ms,
  },
  {
    workload: 1,
    contender: 'baton-polling',
    wanted: 'no slower than the fastest PostgreSQL peer by HTTP',
    measure: (row) => row.timesPostgresPeer,
    isMet: (v) => v >= 1,
    show: formatTimes,
  },
  {
    workload: 1,
    contender: 'baton-event',
    wanted: 'p50 ≤ 12 ms',
    measure: figureOf('p50Ms'),
    isMet: (v) => v <= 12,
    show: ms,
  },
  {
    workload: 2,
    contender: 'baton-polling',
    wanted: '≥ 1,500 jobs/s',
    measure: primaryOf,
    isMet: (v) => v >= 1_500,
    show: perSecond,
  },
  {
    workload: 2,
    contender: 'baton-polling',
    wanted: '≥ 1.5 × the fastest PostgreSQL peer by HTTP',
    measure: (row) => row.timesPostgresPeer,
    isMet: (v) => v >= 1.5,
    show: formatTimes,
  },
  {
    workload: 2,
    contender: 'baton-event',
    wanted: '≥ 1,000 jobs/s',
    measure: primaryOf,
    isMet: (v) => v >= 1_000,
    show: perSecond,
  },
  {
    workload: 2,
    contender: 'baton-event',
    wanted: '≥ 1.0 × the fastest PostgreSQL peer by HTTP',
    measure: (row) => row.timesPostgresPeer,
    isMet: (v) => v >= 1,
    show: formatTimes,
  },
  {
    workload: 3,
    contender: 'baton-polling',
    wanted: '≥ 1.0 × graphile-worker at its best',
    measure: (row) => row.timesPostgresPeer,
    isMet: (v) => v >= 1,
    show: formatTimes,
  },
  {
    workload: 3,
    contender: 'baton-event',
    wanted: '≥ 1.0 × BullMQ at the same durability',
    measure: (row) => row.timesRedisPeer,
    isMet: (v) => v >= 1,
    show: formatTimes,
  },
  {
    workload: 3,
    contender: 'baton-event',
    wanted: '≥ 80 % of the bare pipeline',
    measure: (row, limits) => limits && primaryOf(row) / limits.pipelinePerSecond,
    isMet: (v) => v >= 0.8,
    show: formatShare,
  },
];

/** Where each target stands by these rows. */
export function standingOf(rows: readonly Row[], limits: Limits | undefined): TargetStanding[] {
  return targets.map(({ workload, contender, wanted, measure, isMet, show }) => {
    const row = rows.find(
      (candidate) => candidate.workload === workload && candidate.contender.id === contender,
    );
    const value = row && measure(row, limits);
    const known = value !== undefined && Number.isFinite(value);
    return {
      workload,
      contender,
      target: wanted,
      reached: known ? show(value) : '–',
      met: known ? isMet(value) : undefined,
    };
  });
}
