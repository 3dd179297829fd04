import type { Limits } from '../limits/limits.js';
import { medianFigures } from '../statistics/statistics.js';
import { workloadDescriptions, type Sample, type WorkloadId } from '../workloads/workload.js';
import type { ContenderDescription, Ground, Row } from './bench-report.js';

/** Medians of the samples, each beside its peers and its limit, in the order in which contenders are given. */
export function compare(
  samples: readonly Sample[],
  { contenders, limits }: { contenders: readonly ContenderDescription[]; limits?: Limits | undefined },
): Row[] {
  const rows = contenders.flatMap((contender) => rowsOf(contender, samples));
  return rows
    .map((row) => ({ ...row, ...besidePeers(row, rows), ...besideLimit(row, limits) }))
    .toSorted((a, b) => a.workload - b.workload);
}

function rowsOf(contender: ContenderDescription, samples: readonly Sample[]): Row[] {
  const own = Map.groupBy(
    samples.filter((sample) => sample.contender === contender.id),
    ({ workload, door }) => `${workload} ${door}`,
  );
  return [...own.values()].map((group) => {
    const { workload, door } = group[0]!;
    const values = group.map(
      ({ figures }) => figures[workloadDescriptions[workload].primary.name] ?? Number.NaN,
    );
    return {
      workload,
      contender,
      door,
      runs: group.length,
      figures: medianFigures(group.map(({ figures }) => figures)),
      range: [Math.min(...values), Math.max(...values)],
    };
  });
}

/** The compared figure of a row. */
export function primaryOf({ workload, figures }: Row): number {
  return figures[workloadDescriptions[workload].primary.name] ?? Number.NaN;
}

/** The fastest of a kind of peer by the same door; drains know no door. */
export function fastest(rows: readonly Row[], like: Row, kind: 'postgres' | 'redis'): Row | undefined {
  const peers = rows.filter(
    ({ workload, door, contender }) =>
      workload === like.workload && contender.kind === kind && (workload === 3 || door === like.door),
  );
  const faster = (a: Row, b: Row): Row =>
    timesAsFast(like.workload, primaryOf(a), primaryOf(b)) >= 1 ? a : b;
  return peers.length > 0 ? peers.reduce(faster) : undefined;
}

function besidePeers(row: Row, rows: readonly Row[]): Pick<Row, 'timesPostgresPeer' | 'timesRedisPeer'> {
  const times = (kind: 'postgres' | 'redis'): number | undefined => {
    const peer = fastest(rows, row, kind);
    return peer && timesAsFast(row.workload, primaryOf(row), primaryOf(peer));
  };
  const [timesPostgresPeer, timesRedisPeer] = [times('postgres'), times('redis')];
  return {
    ...(timesPostgresPeer !== undefined && { timesPostgresPeer }),
    ...(timesRedisPeer !== undefined && { timesRedisPeer }),
  };
}

function besideLimit(row: Row, limits: Limits | undefined): Pick<Row, 'limit' | 'shareOfLimit'> {
  const limit = limits && limitOf(row.workload, row.contender.ground, limits);
  return limit === undefined ? {} : { limit, shareOfLimit: timesAsFast(row.workload, primaryOf(row), limit) };
}

/** Over 1 where the first value is the better one. */
function timesAsFast(workload: WorkloadId, value: number, other: number): number {
  return workloadDescriptions[workload].primary.better === 'higher' ? value / other : other / value;
}

/**
 * What bounds a contender, in the unit of the workload's figure. A lone job in PostgreSQL takes three commits
 * (accept, claim, settle), through Kafka two commits and two hops; at full load its steps share the machine.
 * Undefined for Redis, whose limit is not measured.
 */
export function limitOf(workload: WorkloadId, ground: Ground, limits: Limits): number | undefined {
  if (ground === 'redis') return undefined;
  const perPostgres = ground === 'postgres';
  switch (workload) {
    case 1:
      return perPostgres ? 3 * limits.commitMs : 2 * limits.commitMs + 2 * limits.kafkaHopMs;
    case 2:
      return perPostgres
        ? inTurn(limits.acceptPerSecond, limits.claimAndCompletePerSecond)
        : inTurn(limits.acceptWithOutboxPerSecond, limits.pipelinePerSecond);
    case 3:
      return perPostgres ? limits.claimAndCompletePerSecond : limits.pipelinePerSecond;
  }
}

/** The rate of two steps that use the same cores one after the other. */
function inTurn(first: number, second: number): number {
  return 1 / (1 / first + 1 / second);
}
