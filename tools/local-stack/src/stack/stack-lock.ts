import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { StackRunningError } from '../local-stack.error.js';
import { endProcess } from '../process/end-process.js';
import { findProcess } from '../process/process-table.js';

interface RunningServer {
  pid: number;
  startedAt: string;
  stopSignal: NodeJS.Signals;
}

interface LockContent {
  pid: number;
  startedAt: string;
  servers: RunningServer[];
}

/**
 * One stack a folder: the file `stack.lock` names its process and servers.
 *
 * A lock whose process is gone (or whose pid has a new owner) is taken over, and the servers it names are
 * ended first, so that no two servers ever write the same data.
 */
export class StackLock {
  private released = false;

  private constructor(
    private readonly file: string,
    private readonly content: LockContent,
  ) {}

  /** Throws StackRunningError if a live process holds it. */
  static async acquire(folder: string): Promise<StackLock> {
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'stack.lock');
    const self = await findProcess(process.pid);
    const lock = new StackLock(file, { pid: process.pid, startedAt: self?.startedAt ?? '', servers: [] });
    while (!lock.tryCreate()) {
      const stale = await readStale(folder, file);
      if (!stale) continue; // released this moment
      await Promise.all(
        stale.servers.map((server) => endProcess(server.pid, server.startedAt, server.stopSignal, 15_000)),
      );
      removeIfSame(file, stale);
    }
    return lock;
  }

  async add(pid: number, stopSignal: NodeJS.Signals): Promise<void> {
    const entry = await findProcess(pid);
    if (!entry || this.released) return;
    this.content.servers.push({ pid, startedAt: entry.startedAt, stopSignal });
    this.write();
  }

  remove(pid: number): void {
    if (this.released) return;
    this.content.servers = this.content.servers.filter((server) => server.pid !== pid);
    this.write();
  }

  release(): void {
    this.released = true;
    rmSync(this.file, { force: true });
  }

  /** The file appears with its content or not at all. */
  private tryCreate(): boolean {
    const draft = this.writeDraft();
    try {
      linkSync(draft, this.file);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      return false;
    } finally {
      rmSync(draft);
    }
  }

  private write(): void {
    renameSync(this.writeDraft(), this.file);
  }

  private writeDraft(): string {
    const draft = `${this.file}.${randomUUID()}`;
    writeFileSync(draft, JSON.stringify(this.content));
    return draft;
  }
}

async function readStale(folder: string, file: string): Promise<LockContent | undefined> {
  const content = read(file);
  if (!content) return undefined;
  const holder = await findProcess(content.pid);
  if (holder?.startedAt === content.startedAt) throw new StackRunningError(folder, content.pid);
  return content;
}

function read(file: string): LockContent | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as LockContent;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Another starter may have taken it over meanwhile; then its lock stays. */
function removeIfSame(file: string, stale: LockContent): void {
  const current = read(file);
  if (current?.pid === stale.pid && current.startedAt === stale.startedAt) rmSync(file, { force: true });
}
