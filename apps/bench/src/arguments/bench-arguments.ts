import { parseArgs } from 'node:util';
import type { DispatchMode } from '@baton/contracts';
import { BenchArgumentError } from '../bench.error.js';
import { workloads, type WorkloadId } from '../workloads/workload.js';

/** Every contender, in the order in which they take their turns. */
export const contenderIds = [
  'baton-polling',
  'baton-event',
  'baton-polling-all-sampled',
  'baton-event-all-sampled',
  'graphile',
  'graphile-local',
  'bullmq',
] as const;
export type ContenderId = (typeof contenderIds)[number];

export interface RunArguments {
  command: 'run';
  only: readonly WorkloadId[];
  contenders: readonly ContenderId[];
  limits: boolean;
}
export interface LimitsArguments {
  command: 'limits';
}
export interface ProfileArguments {
  command: 'profile';
  workload: WorkloadId;
  mode: DispatchMode;
}

export interface MemoryArguments {
  command: 'memory' | 'stream';
  mode: DispatchMode;
}

export interface DrainsArguments {
  command: 'lanes' | 'gates';
  mode: DispatchMode;
}

export interface DeliveryArguments {
  command: 'waiting' | 'webhooks' | 'target';
  mode: DispatchMode;
}

/** Settings that the command line gives in place of the defaults. */
export interface GivenSettings {
  runs?: number;
  drainJobs?: number;
  drainConcurrency?: number;
}

export type BenchArguments = (
  RunArguments | LimitsArguments | ProfileArguments | MemoryArguments | DrainsArguments | DeliveryArguments
) & {
  given: GivenSettings;
  build: boolean;
  /** A folder for the results in place of the default one. */
  output: string | undefined;
};

const commands = [
  'run',
  'limits',
  'profile',
  'memory',
  'lanes',
  'gates',
  'stream',
  'waiting',
  'webhooks',
  'target',
] as const;

export const usage = `npm run bench -- [run] [options]       Baton in both modes beside its peers, and this machine's limits
npm run bench -- limits [options]      what this machine can do at best
npm run bench -- profile <workload> <polling|event> [options]
                                       where Baton's services spend their time
npm run bench -- memory <polling|event> [options]
                                       what the services hold in memory at rest, and after jobs
npm run bench -- lanes <polling|event> [options]
                                       drains with ordering keys, and of one hot key, beside one without
npm run bench -- gates <polling|event> [options]
                                       drains behind limits beside one without
npm run bench -- stream <polling|event> [options]
                                       one NDJSON stream of --jobs lines, and what the producer holds meanwhile
npm run bench -- waiting <polling|event> [options]
                                       clients that wait by long-poll, SSE and WebSocket (--jobs: 10000)
npm run bench -- webhooks <polling|event> [options]
                                       1,000 endpoints, some dead and some slow (--jobs: 20000)
npm run bench -- target <polling|event> [options]
                                       12 jobs a second with bursts of 100, to webhooks (--jobs: 2640, in 2 min)

  --only <1,2,3>         these workloads alone
  --contender <ids>      these contenders alone: ${contenderIds.join(', ')}
  --no-limits            do not measure the limits
  --runs <n>             turns of each contender (3)
  --jobs <n>             jobs of workload 3, and of the limits (100000); or of the measure that was named
  --concurrency <n>      jobs that a worker of workload 3 runs at once, in place of each contender's own
  --output <folder>      where results.json and results.svg go
  --no-build             the services are built already
  --help`;

/** @throws BenchArgumentError that names what was wrong and what is allowed */
export function parseBenchArguments(args: readonly string[]): BenchArguments | 'help' {
  const { values, positionals } = parse(args);
  if (values.help) return 'help';
  const common = { given: givenSettings(values), build: !values['no-build'], output: values.output };
  const [command = 'run', ...rest] = positionals;
  switch (command) {
    case 'run':
      refuseMore(command, rest);
      return {
        command,
        only: readWorkloads(values.only),
        contenders: readContenders(values.contender),
        limits: !values['no-limits'],
        ...common,
      };
    case 'limits':
      refuseMore(command, rest);
      return { command, ...common };
    case 'profile':
      return { command, ...readProfile(rest), ...common };
    case 'memory':
    case 'stream':
      return { command, mode: readOnlyMode(command, rest), ...common };
    case 'lanes':
    case 'gates':
    case 'waiting':
    case 'webhooks':
    case 'target':
      return { command, mode: readOnlyMode(command, rest), ...common };
    default:
      throw new BenchArgumentError(`There is no command "${command}"; allowed: ${commands.join(', ')}`);
  }
}

function parse(args: readonly string[]) {
  const word = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  const options = {
    only: word,
    contender: word,
    runs: word,
    jobs: word,
    concurrency: word,
    output: word,
    'no-limits': flag,
    'no-build': flag,
    help: flag,
  };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BenchArgumentError(`${why}\n\n${usage}`);
  }
}

function givenSettings(values: {
  runs?: string | undefined;
  jobs?: string | undefined;
  concurrency?: string | undefined;
}): GivenSettings {
  const { runs, jobs, concurrency } = values;
  return {
    ...(runs !== undefined && { runs: readCount('--runs', runs, 100) }),
    ...(jobs !== undefined && { drainJobs: readCount('--jobs', jobs, 10_000_000) }),
    ...(concurrency !== undefined && { drainConcurrency: readCount('--concurrency', concurrency, 10_000) }),
  };
}

function readCount(name: string, text: string, most: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new BenchArgumentError(`${name} is "${text}"; allowed: a whole number from 1 to ${most}`);
  }
  return value;
}

function readWorkloads(text: string | undefined): readonly WorkloadId[] {
  return text === undefined ? workloads : text.split(',').map(readWorkload);
}

function readWorkload(text: string): WorkloadId {
  const found = workloads.find((id) => String(id) === text.trim());
  if (!found)
    throw new BenchArgumentError(`There is no workload "${text}"; allowed: ${workloads.join(', ')}`);
  return found;
}

function readContenders(text: string | undefined): readonly ContenderId[] {
  if (text === undefined) return contenderIds;
  const wanted = text.split(',').map((id) => id.trim());
  const unknown = wanted.find((id) => !contenderIds.some((known) => known === id));
  if (unknown !== undefined)
    throw new BenchArgumentError(`There is no contender "${unknown}"; allowed: ${contenderIds.join(', ')}`);
  return contenderIds.filter((id) => wanted.includes(id));
}

function readProfile([workload, mode, ...rest]: readonly string[]): Omit<ProfileArguments, 'command'> {
  if (workload === undefined || mode === undefined) {
    throw new BenchArgumentError('profile wants a workload and a mode, such as: profile 3 event');
  }
  refuseMore('profile', rest);
  return { workload: readWorkload(workload), mode: readMode(mode) };
}

function readOnlyMode(command: string, [mode, ...rest]: readonly string[]): DispatchMode {
  if (mode === undefined)
    throw new BenchArgumentError(`${command} wants a mode, such as: ${command} polling`);
  refuseMore(command, rest);
  return readMode(mode);
}

function readMode(mode: string): DispatchMode {
  if (mode !== 'polling' && mode !== 'event')
    throw new BenchArgumentError(`There is no mode "${mode}"; allowed: polling, event`);
  return mode;
}

function refuseMore(command: string, rest: readonly string[]): void {
  if (rest.length > 0) throw new BenchArgumentError(`${command} takes no "${rest[0]}"; see --help`);
}
