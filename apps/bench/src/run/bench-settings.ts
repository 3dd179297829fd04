/** What is measured, and how much of it: the same for all contenders, and written beside the figures. */
export interface BenchSettings {
  /** Turns of each contender; figures are medians over them. */
  runs: number;
  /** Workload 1. */
  sequentialJobs: number;
  /** Workload 2: jobs, clients, and how often a turn repeats it (its figure is their median). */
  concurrentJobs: number;
  clients: number;
  repeats: number;
  /** Jobs by all clients before workloads 1 and 2, not measured. */
  warmUpJobs: number;
  /** How many jobs a worker runs at once in workloads 1 and 2. */
  latencyConcurrency: number;
  /** Workload 3. */
  drainJobs: number;
  /** Jobs of one request, and requests at once, when they are queued. */
  batchJobs: number;
  batchesAtOnce: number;
  /** In place of each contender's own. */
  drainConcurrency?: number;
  /** Of traces, in all of Baton's workloads but those of a contender that samples all. */
  sampledShare: number;
}

export const defaultSettings: BenchSettings = {
  runs: 3,
  sequentialJobs: 100,
  concurrentJobs: 100,
  clients: 20,
  repeats: 5,
  warmUpJobs: 2_000,
  latencyConcurrency: 20,
  drainJobs: 100_000,
  batchJobs: 1_000,
  batchesAtOnce: 4,
  sampledShare: 0.1,
};
