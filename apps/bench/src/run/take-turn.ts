import type { Contender, DrainSession } from '../contenders/contender.js';
import { cpuSeconds, cpuUsed } from '../processes/cpu-time.js';
import { within } from '../processes/within.js';
import { medianFigures } from '../statistics/statistics.js';
import type { Door, Figures, Sample, WorkloadId } from '../workloads/workload.js';
import type { BenchContext } from './bench-context.js';

/** Bounds on a slow machine; a usual start takes 1 to 5 s. */
const startWithinSeconds = 180;
const workloadWithinSeconds = 300;
/** A drain slower than this is given up. */
const leastJobsPerSecond = 100;

export interface Turn {
  contender: Contender;
  workloads: readonly WorkloadId[];
  run: number;
}

/** One turn of one contender: everything that is wanted of it, from its start to its end. */
export async function takeTurn(
  context: BenchContext,
  { contender, workloads, run }: Turn,
  onSample: (sample: Sample) => void,
): Promise<void> {
  const tell = (workload: WorkloadId, door: Door, figures: Figures): void =>
    onSample({ workload, contender: contender.id, door, run, figures });
  if (workloads.includes(1) || workloads.includes(2)) {
    for (const door of contender.doors) {
      const measured = await measureLatency(context, { contender, door, workloads });
      for (const [workload, figures] of measured) tell(workload, door, figures);
    }
  }
  if (workloads.includes(3)) tell(3, contender.doors[0] ?? 'http', await measureDrain(context, contender));
}

async function measureLatency(
  { servers, settings }: BenchContext,
  { contender, door, workloads }: { contender: Contender; door: Door; workloads: readonly WorkloadId[] },
): Promise<[WorkloadId, Figures][]> {
  const { sequentialJobs, concurrentJobs, clients, repeats, warmUpJobs } = settings;
  const session = await within(
    startWithinSeconds,
    `${contender.label}: its start`,
    contender.openLatency(door),
  );
  const measure = (what: string, work: Promise<Figures>): Promise<Figures> =>
    within(workloadWithinSeconds, `${contender.label}: ${what}`, work);
  try {
    const measured: [WorkloadId, Figures][] = [];
    await measure('its warm-up', session.concurrent({ jobs: warmUpJobs, clients }));
    await servers.settleDown();
    if (workloads.includes(1))
      measured.push([1, await measure('workload 1', session.sequential(sequentialJobs))]);
    if (workloads.includes(2)) {
      const times: Figures[] = [];
      for (let i = 0; i < repeats; i++)
        times.push(await measure('workload 2', session.concurrent({ jobs: concurrentJobs, clients })));
      measured.push([2, medianFigures(times)]);
    }
    return measured;
  } finally {
    await session.close();
  }
}

async function measureDrain(context: BenchContext, contender: Contender): Promise<Figures> {
  const { drainJobs } = context.settings;
  await context.servers.settleDown();
  const session = await within(startWithinSeconds, `${contender.label}: its start`, contender.openDrain());
  try {
    const seconds = workloadWithinSeconds + drainJobs / leastJobsPerSecond;
    return await within(seconds, `${contender.label}: workload 3`, queueAndDrain(context, session));
  } finally {
    await session.close();
  }
}

async function queueAndDrain({ servers, settings }: BenchContext, session: DrainSession): Promise<Figures> {
  const { drainJobs } = settings;
  const queuedPerSecond = await session.queue(drainJobs);
  const before = cpuSeconds({ ...servers.pids, ...session.pids() });
  const figures = await session.drain(drainJobs);
  const used = cpuUsed(before, cpuSeconds({ ...servers.pids, ...session.pids() }));
  return {
    ...figures,
    queuedPerSecond,
    ...Object.fromEntries(Object.entries(used).map(([name, seconds]) => [`cpuSeconds ${name}`, seconds])),
  };
}
