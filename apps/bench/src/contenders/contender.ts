import type { ContenderDescription } from '../report/bench-report.js';
import type { Door, Figures } from '../workloads/workload.js';

export interface Contender extends Readonly<ContenderDescription> {
  /** The ways by which its callers reach it, of workloads 1 and 2. None: it takes no part in them. */
  readonly doors: readonly Door[];
  /** Starts it, for workloads 1 and 2. */
  openLatency(door: Door): Promise<LatencySession>;
  /** Makes it ready for jobs to be queued, with no worker, for workload 3. */
  openDrain(): Promise<DrainSession>;
}

export interface LatencySession {
  sequential(jobs: number): Promise<Figures>;
  concurrent(options: { jobs: number; clients: number }): Promise<Figures>;
  /** What may be asked for CPU time, by name. */
  pids(): Readonly<Record<string, number | undefined>>;
  close(): Promise<void>;
}

export interface DrainSession {
  /** Queues the jobs; resolves to the rate, jobs a second. */
  queue(jobs: number): Promise<number>;
  /** Starts the worker on the jobs that are queued, and measures from the first job taken to the last one settled. */
  drain(jobs: number): Promise<Figures>;
  /** What may be asked for CPU time, by name. */
  pids(): Readonly<Record<string, number | undefined>>;
  close(): Promise<void>;
}
