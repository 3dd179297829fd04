export const workloads = [1, 2, 3] as const;
export type WorkloadId = (typeof workloads)[number];

/** How the caller reaches the queue: over HTTP, or by the library's own calls in one process with the worker. */
export type Door = 'http' | 'in-process';

/** Numbers by name. Milliseconds end in `Ms`, rates in `PerSecond`, seconds in `Seconds`. */
export type Figures = Readonly<Record<string, number>>;

/** What one turn of one contender gave. */
export interface Sample {
  workload: WorkloadId;
  contender: string;
  door: Door;
  /** 1, 2, 3 …: the round in which it was taken. */
  run: number;
  figures: Figures;
}

export interface WorkloadDescription {
  id: WorkloadId;
  title: string;
  /** The figure that is compared. */
  primary: { name: string; unit: string; better: 'lower' | 'higher' };
}

export const workloadDescriptions: Readonly<Record<WorkloadId, WorkloadDescription>> = {
  1: {
    id: 1,
    title: 'sequential: one client, submit until the result is in hand',
    primary: { name: 'p50Ms', unit: 'ms', better: 'lower' },
  },
  2: {
    id: 2,
    title: 'concurrent: all jobs of 20 clients, submit until the result is in hand',
    primary: { name: 'jobsPerSecond', unit: 'jobs/s', better: 'higher' },
  },
  3: {
    id: 3,
    title: 'drain: no-op jobs that are all queued before a worker starts',
    primary: { name: 'jobsPerSecond', unit: 'jobs/s', better: 'higher' },
  },
};
