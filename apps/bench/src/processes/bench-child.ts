import path from 'node:path';
import { BenchError } from '../bench.error.js';
import { OwnProcess, type OwnProcessOptions } from './own-process.js';

/** A question to a child, and its answer: what travels over the channel. */
export interface Question {
  id: number;
  method: string;
  args: readonly unknown[];
}
export type Answer = { id: number; result: unknown } | { id: number; error: string };

type Pending = { resolve: (result: never) => void; reject: (error: unknown) => void };

const loader = ['--conditions=@baton/source', '--enable-source-maps', '--import', './tools/ts-hook.mjs'];

/** A process of the bench's own code, which serves calls (`serveParent`). */
export class BenchChild {
  readonly process: OwnProcess;
  private readonly pending = new Map<number, Pending>();
  private nextId = 1;

  /** @param entry a file of this project's sources, such as `limits/pipeline/worker-main.ts` */
  constructor(entry: string, options: Omit<OwnProcessOptions, 'args' | 'ipc'>) {
    const args = [...loader, path.join(import.meta.dirname, '..', entry)];
    this.process = new OwnProcess({ ...options, args, ipc: true });
    this.process.child.on('message', (message) => this.settle(message as Answer));
    this.process.failed.catch((error: unknown) => this.rejectAll(error));
  }

  /** Rejects with a BenchError when the method throws, or the process ends. */
  call<T = void>(method: string, ...args: unknown[]): Promise<T> {
    const id = this.nextId++;
    return new Promise<T>((resolve, reject) => {
      this.pending.set(id, { resolve, reject });
      const question: Question = { id, method, args };
      this.process.child.send(question, (error) => {
        if (error) this.settle({ id, error: `${this.process.name} cannot be asked: ${error.message}` });
      });
    });
  }

  /** Calls its `close`, if it has one, and ends it. */
  async stop(): Promise<void> {
    await this.process.stop();
    this.rejectAll(new BenchError(`${this.process.name} was stopped`));
  }

  private settle(answer: Answer): void {
    const pending = this.pending.get(answer.id);
    this.pending.delete(answer.id);
    if ('error' in answer) pending?.reject(new BenchError(`${this.process.name}: ${answer.error}`));
    else pending?.resolve(answer.result as never);
  }

  private rejectAll(error: unknown): void {
    for (const { reject } of this.pending.values()) reject(error);
    this.pending.clear();
  }
}
