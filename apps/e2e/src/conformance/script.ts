import type { JobContext } from '@baton/worker-kit';

export type Script = (payload: Record<string, unknown>, job: JobContext) => unknown;

const scripts = new Map<string, Script>();
let made = 0;

/** Makes a function a script. @returns its name, which a job's payload gives as `script` */
export function addScript(script: Script): string {
  const name = `script-${++made}`;
  scripts.set(name, script);
  return name;
}

/** What the queues' handlers do: they run the script that the payload names, and without one return the payload. */
export function runScript(payload: unknown, job: JobContext): unknown {
  const given = (payload ?? {}) as Record<string, unknown>;
  const { script: name } = given;
  if (typeof name !== 'string') return payload;
  const script = scripts.get(name);
  if (!script) throw new Error(`there is no script ${name}`);
  return script(given, job);
}

/** A handler that tells of each entry and stays there until it is told how to go on. */
export class Stage {
  private readonly entered: Entry[] = [];
  private readonly waiters: ((entry: Entry) => void)[] = [];
  readonly script = addScript(
    (payload, job) =>
      new Promise((resolve, reject) => {
        const entry: Entry = { payload, job, return: resolve, throw: reject };
        const waiter = this.waiters.shift();
        if (waiter) waiter(entry);
        else this.entered.push(entry);
      }),
  );

  /** The next entry, in the order of entering; waits for it. */
  next(): Promise<Entry> {
    const entry = this.entered.shift();
    return entry ? Promise.resolve(entry) : new Promise((resolve) => this.waiters.push(resolve));
  }

  /** Entries that nobody has asked for yet. */
  get waiting(): number {
    return this.entered.length;
  }
}

/** One entry of a staged handler. */
export interface Entry {
  payload: Record<string, unknown>;
  job: JobContext;
  return: (value?: unknown) => void;
  throw: (error: unknown) => void;
}
