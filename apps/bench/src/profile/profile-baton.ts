import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { DispatchMode } from '@baton/contracts';
import { BatonContender } from '../contenders/baton/baton-contender.js';
import { cpuSeconds, cpuUsed } from '../processes/cpu-time.js';
import type { BenchContext } from '../run/bench-context.js';
import { formatNumber } from '../report/format.js';
import { workloadDescriptions, type Figures, type WorkloadId } from '../workloads/workload.js';
import { summarizeProfile, type CpuProfile } from './cpu-profile.js';
import { cpuText, profileText, statementsText } from './profile-text.js';
import { resetStatements, topStatements } from './top-statements.sql.js';

const shownStatements = 12;
/** Of the short workloads, so that a profile has enough to sample. */
const repetitions = 20;

interface Profiled {
  figures: Figures;
  cpu: Record<string, number>;
}

/** Runs one workload with each service under Node's profiler, and tells in words where the time went. */
export async function profileBaton(
  context: BenchContext,
  { workload, mode }: { workload: WorkloadId; mode: DispatchMode },
): Promise<string> {
  const { config, servers } = context;
  const cpuProfileFolder = path.join(config.profileFolder, `${workload}-${mode}`);
  await rm(cpuProfileFolder, { recursive: true, force: true });
  const contender = new BatonContender(context, {
    id: `baton-${mode}`,
    label: `Baton, ${mode}`,
    mode,
    allSampled: false,
    cpuProfileFolder,
  });
  const { figures, cpu } = await (workload === 3
    ? profileDrain(context, contender, mode)
    : profileLatency(context, contender, { workload, mode }));
  const { name, unit } = workloadDescriptions[workload].primary;
  const statements = await topStatements(await servers.database(`bench_${mode}`), shownStatements);
  return [
    `workload ${workload}, ${mode}, with profilers on: ${formatNumber(figures[name])} ${unit}`,
    cpuText(cpu),
    ...(await serviceTexts(cpuProfileFolder)),
    `PostgreSQL\n\n${statementsText(statements)}`,
    `The profiles are in ${cpuProfileFolder}; a browser's developer tools draw them.`,
  ].join('\n\n');
}

async function profileDrain(
  { servers, settings }: BenchContext,
  contender: BatonContender,
  mode: DispatchMode,
): Promise<Profiled> {
  const session = await contender.openDrain();
  try {
    await session.queue(settings.drainJobs);
    await resetStatements(await servers.database(`bench_${mode}`));
    const before = cpuSeconds({ ...servers.pids, ...session.pids() });
    const figures = await session.drain(settings.drainJobs);
    return { figures, cpu: cpuUsed(before, cpuSeconds({ ...servers.pids, ...session.pids() })) };
  } finally {
    await session.close();
  }
}

async function profileLatency(
  { servers, settings }: BenchContext,
  contender: BatonContender,
  { workload, mode }: { workload: 1 | 2; mode: DispatchMode },
): Promise<Profiled> {
  const { sequentialJobs, concurrentJobs, clients, warmUpJobs } = settings;
  const session = await contender.openLatency();
  try {
    await session.concurrent({ jobs: warmUpJobs, clients });
    await resetStatements(await servers.database(`bench_${mode}`));
    const before = cpuSeconds({ ...servers.pids, ...session.pids() });
    const figures =
      workload === 1
        ? await session.sequential(repetitions * sequentialJobs)
        : await session.concurrent({ jobs: repetitions * concurrentJobs, clients });
    return { figures, cpu: cpuUsed(before, cpuSeconds({ ...servers.pids, ...session.pids() })) };
  } finally {
    await session.close();
  }
}

async function serviceTexts(folder: string): Promise<string[]> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile')).toSorted();
  return Promise.all(
    files.map(async (name) => {
      const profile = JSON.parse(await readFile(path.join(folder, name), 'utf8')) as CpuProfile;
      return profileText(name.replace('.cpuprofile', ''), summarizeProfile(profile));
    }),
  );
}
