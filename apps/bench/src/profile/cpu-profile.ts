/** What Node writes with `--cpu-prof`, as far as it is read here. Times are microseconds. */
export interface CpuProfile {
  nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: readonly number[];
  timeDeltas: readonly number[];
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

/** Where a process spent its time, itself and not in what it called. */
export function summarizeProfile({ nodes, samples, timeDeltas }: CpuProfile): ProfileSummary {
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const functions = new Map<string, number>();
  const packages = new Map<string, number>();
  let busySeconds = 0;
  for (const [i, id] of samples.entries()) {
    const frame = frames.get(id);
    if (!frame || frame.functionName === '(idle)') continue;
    const seconds = (timeDeltas[i] ?? 0) / 1e6;
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
