import { existsSync, mkdirSync, openSync, renameSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';

const rotateAtBytes = 20 * 1024 * 1024;

/** Makes a log's folder; a log of over 20 MiB is set aside as `<name>.1`. */
export function prepareLog(file: string): void {
  mkdirSync(path.dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > rotateAtBytes) renameSync(file, `${file}.1`);
}

/** A log that a child process writes itself. */
export class LogFile {
  private startedAt = 0;

  constructor(readonly file: string) {}

  /** A descriptor to hand to the child; what it prints from here on is what `sinceStart` reads. */
  openForChild(): number {
    prepareLog(this.file);
    const descriptor = openSync(this.file, 'a');
    this.startedAt = statSync(this.file).size;
    return descriptor;
  }

  async sinceStart(): Promise<string> {
    const handle = await open(this.file, 'r');
    try {
      const { size } = await handle.stat();
      const buffer = Buffer.alloc(Math.max(0, size - this.startedAt));
      await handle.read(buffer, 0, buffer.length, this.startedAt);
      return buffer.toString();
    } finally {
      await handle.close();
    }
  }

  async lastLines(count: number): Promise<string> {
    return (await this.sinceStart()).trimEnd().split('\n').slice(-count).join('\n');
  }
}
