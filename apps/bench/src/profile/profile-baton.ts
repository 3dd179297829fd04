import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DispatchMode } from '@baton/contracts';
import { BenchError } from '../bench.error.js';
import { BatonContender } from '../contenders/baton/baton-contender.js';
import type { DrainSession, LatencySession } from '../contenders/contender.js';
import { cpuSeconds, cpuUsed } from '../processes/cpu-time.js';
import type { BenchContext } from '../run/bench-context.js';
import { formatNumber } from '../report/format.js';
import { workloadDescriptions, type Figures, type WorkloadId } from '../workloads/workload.js';
import { monotonicMicros, summarizeProfile, type CpuProfile, type ProfileWindow } from './cpu-profile.js';
import { cpuText, profileText, statementsText } from './profile-text.js';
import { resetStatements, topStatements } from './top-statements.sql.js';

const shownStatements = 12;
/** Of the short workloads, so that a profile has enough to sample. */
const repetitions = 20;
/** How long after its end a drain is noticed, at most. */
const noticedWithinSeconds = 0.5;

interface Profiled {
  figures: Figures;
  cpu: Record<string, number>;
  window: ProfileWindow;
}

/** Runs one workload with each service under Node's profiler, and tells in words where the time went. */
export async function profileBaton(
  context: BenchContext,
  { workload, mode }: { workload: WorkloadId; mode: DispatchMode },
): Promise<string> {
  const { config, servers } = context;
  const folder = path.join(config.profileFolder, `${workload}-${mode}`);
  await rm(folder, { recursive: true, force: true });
  const contender = new BatonContender(context, {
    id: `baton-${mode}`,
    label: `Baton, ${mode}`,
    mode,
    allSampled: false,
    cpuProfileFolder: folder,
  });
  const { figures, cpu, window } = await (workload === 3
    ? profileDrain(context, contender, mode)
    : profileLatency(context, contender, { workload, mode }));
  const { name, unit } = workloadDescriptions[workload].primary;
  const statements = await topStatements(await servers.database(`bench_${mode}`), shownStatements);
  return [
    `workload ${workload}, ${mode}, with profilers on: ${formatNumber(figures[name])} ${unit}, measured for ${formatNumber((window.to - window.from) / 1e6)} s`,
    cpuText(cpu),
    ...(await serviceTexts(folder, window)),
    `PostgreSQL\n\n${statementsText(statements)}`,
    `The profiles are in ${folder}; a browser's developer tools draw them.`,
  ].join('\n\n');
}

async function profileDrain(
  context: BenchContext,
  contender: BatonContender,
  mode: DispatchMode,
): Promise<Profiled> {
  const { drainJobs } = context.settings;
  const session = await contender.openDrain();
  try {
    await session.queue(drainJobs);
    const profiled = await measure(context, { session, mode, work: () => session.drain(drainJobs) });
    return { ...profiled, window: withoutStart(profiled) };
  } finally {
    await session.close();
  }
}

/** The drain alone: before it lies the start of what drains. */
function withoutStart({ figures, window: { from, to } }: Profiled): ProfileWindow {
  const seconds = (figures['tookSeconds'] ?? Number.POSITIVE_INFINITY) + noticedWithinSeconds;
  return { from: Math.max(from, to - seconds * 1e6), to };
}

async function profileLatency(
  context: BenchContext,
  contender: BatonContender,
  { workload, mode }: { workload: 1 | 2; mode: DispatchMode },
): Promise<Profiled> {
  const { sequentialJobs, concurrentJobs, clients, warmUpJobs } = context.settings;
  const session = await contender.openLatency();
  try {
    await session.concurrent({ jobs: warmUpJobs, clients });
    const work = (): Promise<Figures> =>
      workload === 1
        ? session.sequential(repetitions * sequentialJobs)
        : session.concurrent({ jobs: repetitions * concurrentJobs, clients });
    return await measure(context, { session, mode, work });
  } finally {
    await session.close();
  }
}

async function measure(
  { servers }: BenchContext,
  {
    session,
    mode,
    work,
  }: { session: LatencySession | DrainSession; mode: DispatchMode; work: () => Promise<Figures> },
): Promise<Profiled> {
  await resetStatements(await servers.database(`bench_${mode}`));
  const before = cpuSeconds({ ...servers.pids, ...session.pids() });
  const from = monotonicMicros();
  const figures = await work();
  const window = { from, to: monotonicMicros() };
  return { figures, window, cpu: cpuUsed(before, cpuSeconds({ ...servers.pids, ...session.pids() })) };
}

async function serviceTexts(folder: string, window: ProfileWindow): Promise<string[]> {
  const apps = (await readdir(folder)).toSorted();
  return Promise.all(
    apps.map(async (app) =>
      profileText(app, summarizeProfile(await readMainThread(path.join(folder, app)), window)),
    ),
  );
}

/** Of `CPU.<date>.<time>.<pid>.<thread>.<number>.cpuprofile`, that of thread 0; the others load modules. */
async function readMainThread(folder: string): Promise<CpuProfile> {
  const name = (await readdir(folder)).find((file) => /\.0\.\d+\.cpuprofile$/.test(file));
  if (name === undefined) throw new BenchError(`Node wrote no profile of the main thread into ${folder}`);
  return JSON.parse(await readFile(path.join(folder, name), 'utf8')) as CpuProfile;
}
