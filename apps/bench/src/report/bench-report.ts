import type { Machine } from '../machine/machine.js';
import type { Versions } from '../machine/versions.js';
import type { BenchSettings } from '../run/bench-settings.js';
import type { Limits } from '../limits/limits.js';
import type { Door, Figures, Sample, WorkloadId } from '../workloads/workload.js';

/** What carries a contender's jobs, and so which limit bounds it. */
export type Ground = 'postgres' | 'kafka' | 'redis';

export interface ContenderDescription {
  /** As `--contender` takes it. */
  id: string;
  label: string;
  /** What it stands for in the comparisons: ourselves, or a peer by where it keeps its jobs. */
  kind: 'baton' | 'postgres' | 'redis';
  ground: Ground;
  /** How many jobs its worker runs at once in workload 3. */
  drainConcurrency: number;
}

/** One contender's row of one workload. */
export interface Row {
  workload: WorkloadId;
  contender: ContenderDescription;
  door: Door;
  runs: number;
  /** Medians over the runs. */
  figures: Figures;
  /** Lowest and highest of the compared figure. */
  range: readonly [number, number];
  /** How many times as fast as the fastest PostgreSQL peer, and as the Redis peer, by the same door. */
  timesPostgresPeer?: number;
  timesRedisPeer?: number;
  /** The best that this machine can do, in the unit of the compared figure, and the part of it that is reached. */
  limit?: number;
  shareOfLimit?: number;
}

/** All of one bench, as it is written to `results.json`. */
export interface BenchReport {
  startedAt: string;
  tookSeconds: number;
  machine: Machine;
  versions: Versions;
  settings: BenchSettings;
  rows: Row[];
  limits?: Limits;
  samples: Sample[];
  limitSamples: Limits[];
  /** Turns that came to nothing, and why. */
  failures: { turn: string; why: string }[];
}
