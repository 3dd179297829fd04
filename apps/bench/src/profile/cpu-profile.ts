/** What Node writes with `--cpu-prof`, as far as it is read here. Times are microseconds of the machine's monotonic clock. */
export interface CpuProfile {
  startTime: number;
  nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: readonly number[];
  timeDeltas: readonly number[];
}

/** A part of a profile's time, in microseconds of the same clock; see {@link monotonicMicros}. */
export interface ProfileWindow {
  from: number;
  to: number;
}

/** Now, by the clock that V8 stamps its profiles with: one for all processes of a machine. */
export function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

export interface SelfTime {
  /** `function file:line`, or what V8 does for all: `(garbage collector)`. */
  where: string;
  seconds: number;
}

export interface ProfileSummary {
  /** Seconds in which the process did something. */
  busySeconds: number;
  /** By function, the longest first. */
  functions: SelfTime[];
  /** By package or project, the longest first. */
  packages: SelfTime[];
}

/** Where a process spent its time within the window, itself and not in what it called. */
export function summarizeProfile(
  { nodes, samples, timeDeltas, startTime }: CpuProfile,
  { from, to }: ProfileWindow,
): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  let busySeconds = 0;
  let at = startTime;
  for (const [i, id] of samples.entries()) {
    const delta = timeDeltas[i] ?? 0;
    at += delta;
    const frame = frames.get(id);
    if (!frame || frame.functionName === '(idle)' || at < from || at > to) continue;
    const seconds = delta / 1e6;
    busySeconds += seconds;
    add(functions, nameFunction(frame), seconds);
    add(packages, namePackage(frame), seconds);
  }
  return { busySeconds, functions: sorted(functions), packages: sorted(packages) };
}

type Frame = CpuProfile['nodes'][number]['callFrame'];

function nameFunction({ functionName, url, lineNumber }: Frame): string {
  return url === ''
    ? functionName || '(anonymous)'
    : `${functionName || '(anonymous)'} ${shortPath(url)}:${lineNumber + 1}`;
}

/** `node_modules/pg`, `libs/persistence`, `node:internal`, or `(v8)` for what has no file. */
function namePackage({ functionName, url }: Frame): string {
  if (url === '') return functionName.startsWith('(') ? functionName : '(native)';
  if (url.startsWith('node:')) return url.split('/')[0] ?? url;
  const path = shortPath(url);
  return /^(node_modules\/(?:@[^/]+\/)?[^/]+|(?:libs|apps|tools)\/[^/]+)/.exec(path)?.[1] ?? path;
}

/** From the innermost of these folders on. */
function shortPath(url: string): string {
  const start = Math.max(
    ...['node_modules/', '/libs/', '/apps/', '/tools/'].map((part) => url.lastIndexOf(part)),
  );
  return start < 0 ? url : url.slice(start).replace(/^\//, '');
}

function add(sums: Map<string, number>, name: string, seconds: number): void {
  sums.set(name, (sums.get(name) ?? 0) + seconds);
}

function sorted(sums: ReadonlyMap<string, number>): SelfTime[] {
  return [...sums].map(([where, seconds]) => ({ where, seconds })).toSorted((a, b) => b.seconds - a.seconds);
}
