import { measureDelivery } from '../delivery/measure-delivery.js';
import { measureDrains } from '../drains/measure-drains.js';
import type {
  BenchArguments,
  DeliveryArguments,
  DrainsArguments,
  LimitsArguments,
  MemoryArguments,
  ProfileArguments,
  RunArguments,
} from '../arguments/bench-arguments.js';
import { contenderIds } from '../arguments/bench-arguments.js';
import type { BenchConfig } from '../bench.config.js';
import { BenchError } from '../bench.error.js';
import type { Closers } from '../processes/closers.js';
import { measureMemory } from '../memory/measure-memory.js';
import { profileBaton } from '../profile/profile-baton.js';
import type { BenchReport } from '../report/bench-report.js';
import { reportText } from '../report/print-report.js';
import { writeReport } from '../report/write-report.js';
import { BenchServers, type BenchServersOptions } from '../servers/bench-servers.js';
import { measureStream } from '../stream/measure-stream.js';
import { workloads } from '../workloads/workload.js';
import type { BenchContext } from './bench-context.js';
import { runBench } from './bench-run.js';
import { defaultSettings, type BenchSettings } from './bench-settings.js';
import { buildServices } from './build-services.js';
import { neededServers } from './needed-servers.js';

export interface CommandOptions {
  config: BenchConfig;
  /** Closed by the caller, whatever happens. */
  closers: Closers;
  print: (line: string) => void;
}

/** Runs one command of the bench; what it starts, the closers end. */
export async function runCommand(parsed: BenchArguments, options: CommandOptions): Promise<void> {
  const settings = { ...defaultSettings, ...parsed.given };
  switch (parsed.command) {
    case 'run':
      return run(parsed, settings, options);
    case 'limits':
      return limits(parsed, settings, options);
    case 'profile':
      return profile(parsed, settings, options);
    case 'memory':
      return inOneMode(parsed, settings, options, (context, { mode }) =>
        measureMemory(context, mode, options.print),
      );
    case 'stream':
      return inOneMode(parsed, settings, options, (context, { mode }) =>
        measureStream(context, mode, options.print),
      );
    case 'lanes':
    case 'gates':
      return inOneMode(parsed, settings, options, (context, { command: what, mode }) =>
        measureDrains(context, { what, mode }, options.print),
      );
    case 'waiting':
    case 'webhooks':
    case 'target':
      return inOneMode(parsed, settings, options, (context, args) =>
        measureDelivery(context, { ...args, jobs: parsed.given.drainJobs }, options.print),
      );
  }
}

type Of<T> = T & BenchArguments;

async function run(
  args: Of<RunArguments>,
  settings: BenchSettings,
  { config, closers, print }: CommandOptions,
): Promise<void> {
  const { contenders, output } = args;
  if (contenders.some((id) => id.startsWith('baton-'))) await build(args, { config, closers, print });
  const context = await open(
    settings,
    { config, closers, print },
    { ...neededServers(contenders, args.limits), statementStatistics: false },
  );
  const report = await runBench(context, args, print);
  print(`\n${reportText(report)}\n`);
  const isWholeRun = isWhole(args, settings) && report.failures.length === 0;
  await write(output ?? (isWholeRun ? config.pageFolder : config.partialFolder), report, print);
  refuseFailures(report);
}

async function limits(
  { output }: Of<LimitsArguments>,
  settings: BenchSettings,
  { config, closers, print }: CommandOptions,
): Promise<void> {
  const context = await open(
    settings,
    { config, closers, print },
    { ...neededServers([], true), statementStatistics: false },
  );
  const report = await runBench(context, { contenders: [], only: [], limits: true }, print);
  print(`\n${reportText(report)}\n`);
  await write(output ?? config.partialFolder, report, print);
  refuseFailures(report);
}

/** What was measured is written; the command fails all the same. */
function refuseFailures({ failures }: BenchReport): void {
  if (failures.length === 0) return;
  throw new BenchError(`Failed:\n${failures.map(({ turn, why }) => `${turn}: ${why}`).join('\n')}`);
}

async function profile(
  args: Of<ProfileArguments>,
  settings: BenchSettings,
  { config, closers, print }: CommandOptions,
): Promise<void> {
  const { workload, mode } = args;
  await build(args, { config, closers, print });
  const context = await open(
    settings,
    { config, closers, print },
    { ...neededServers([`baton-${mode}`], false), statementStatistics: true },
  );
  print(`\n${await profileBaton(context, { workload, mode })}\n`);
}

/** A measure of Baton alone, which ends as a table. */
async function inOneMode<T extends MemoryArguments | DrainsArguments | DeliveryArguments>(
  args: Of<T>,
  settings: BenchSettings,
  { config, closers, print }: CommandOptions,
  measure: (context: BenchContext, args: T) => Promise<string>,
): Promise<void> {
  await build(args, { config, closers, print });
  const context = await open(
    settings,
    { config, closers, print },
    { ...neededServers([`baton-${args.mode}`], false), statementStatistics: false },
  );
  print(`\n${await measure(context, args)}\n`);
}

async function build({ build: wanted }: BenchArguments, { config, print }: CommandOptions): Promise<void> {
  if (!wanted) return;
  print('building the services');
  await buildServices(config);
}

async function open(
  settings: BenchSettings,
  { config, closers, print }: CommandOptions,
  servers: Pick<BenchServersOptions, 'services' | 'durableRedis' | 'statementStatistics'>,
): Promise<BenchContext> {
  const started = await BenchServers.start({ config, print, ...servers });
  closers.add(() => started.stop());
  return { config, servers: started, settings };
}

async function write(folder: string, report: BenchReport, print: (line: string) => void): Promise<void> {
  const files = await writeReport(folder, report);
  print(files.map((file) => `written: ${file}`).join('\n'));
}

/** Only a whole run takes the place of the one that the page shows. */
function isWhole(
  { only, contenders, limits: withLimits }: RunArguments,
  { runs, drainJobs, drainConcurrency }: BenchSettings,
): boolean {
  const all = only.length === workloads.length && contenders.length === contenderIds.length && withLimits;
  return (
    all &&
    runs >= defaultSettings.runs &&
    drainJobs >= defaultSettings.drainJobs &&
    drainConcurrency === undefined
  );
}
