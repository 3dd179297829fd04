import { BatonError, limits } from '@baton/contracts';
import type { LineEnd } from '@baton/persistence';
import { DrainRegistry } from '@baton/service';
import { Inject, Injectable } from '@nestjs/common';
import type { Context } from '@opentelemetry/api';
import { LineIntake } from './line-intake.js';
import { type ParsedLine, parseLine } from './parse-line.js';
import { type Line, type LineBounds, readLines } from './read-lines.js';

const bounds: LineBounds = {
  lineBytes: limits.bodyBytes,
  batchLines: 1_000,
  batchBytes: 4 * 1024 * 1024,
  idleMs: 20,
};

/**
 * Answers a stream of jobs, a line each, with a stream of answers, in order: up to 1,000 lines a transaction, one
 * transaction at a time, the next lines read meanwhile. Nothing is read while the answers are not: so it holds two batches
 * at most, however long the stream is.
 *
 * reading → (a batch is full, or nothing more comes) accepting and reading on → … → ended: the lines are at their end,
 * or the caller is gone (what was read and not begun goes), or PostgreSQL is away (the lines are answered so, and the
 * stream ends there), or the service stops (the caller comes again with the rest).
 */
@Injectable()
export class JobStream {
  private stopped = false;
  /** What ends the wait of each stream for its next lines. */
  private readonly waits = new Set<() => void>();

  constructor(
    @Inject(LineIntake) private readonly intake: LineIntake,
    @Inject(DrainRegistry) drains: DrainRegistry,
  ) {
    drains.add({ name: 'job streams', timeoutMs: 1_000, drain: async () => this.stop() });
  }

  /** @param context of the request, in which the jobs' traces begin */
  async *answer(
    caller: { tenantId: string; context: Context },
    source: AsyncIterable<Buffer>,
  ): AsyncGenerator<string> {
    const lines = readLines(source, bounds);
    let reading = quiet(lines.next());
    let accepting: Promise<Batch> | undefined;
    try {
      for (;;) {
        if (accepting) {
          const { text, unavailable } = await accepting;
          accepting = undefined;
          yield text;
          if (unavailable) return;
        }
        const next = await this.untilStopped(reading);
        if (!next || next.done) return;
        accepting = quiet(this.accept(caller, next.value));
        reading = quiet(lines.next());
      }
    } finally {
      // The caller is gone: the transaction under way ends by itself, and is waited for.
      await accepting?.catch(() => undefined);
      void lines.return(undefined).catch(() => undefined);
    }
  }

  private stop(): void {
    this.stopped = true;
    for (const end of this.waits) end();
  }

  /**
   * What is read next; undefined when the service stops first. No race with a promise that lives as long as the service:
   * that would keep each batch there.
   */
  private async untilStopped<T>(reading: Promise<T>): Promise<T | undefined> {
    if (this.stopped) return undefined;
    const wait = Promise.withResolvers<T | undefined>();
    const end = (): void => wait.resolve(undefined);
    this.waits.add(end);
    reading.then(wait.resolve, wait.reject);
    try {
      return await wait.promise;
    } finally {
      this.waits.delete(end);
    }
  }

  private async accept(
    caller: { tenantId: string; context: Context },
    lines: readonly Line[],
  ): Promise<Batch> {
    const parsed = lines.map((line): ParsedLine | BatonError => {
      try {
        return parseLine(line);
      } catch (error) {
        if (BatonError.is(error)) return error;
        throw error;
      }
    });
    const good = parsed.filter((line): line is ParsedLine => !BatonError.is(line));
    let ends: (LineEnd | { refused: BatonError })[];
    let unavailable = false;
    try {
      ends = await this.intake.accept(caller, good);
    } catch (error) {
      const refused = BatonError.is(error)
        ? error
        : new BatonError('internal', 'the lines could not be written', { cause: error });
      ends = good.map(() => ({ refused }));
      unavailable = true;
    }
    let next = 0;
    const answers = parsed.map((line) => (BatonError.is(line) ? { refused: line } : ends[next++]!));
    return { text: lines.map(({ number }, i) => show(number, answers[i]!)).join(''), unavailable };
  }
}

interface Batch {
  text: string;
  /** The stream ends with it. */
  unavailable: boolean;
}

function show(line: number, answer: LineEnd | { refused: BatonError }): string {
  if ('id' in answer) return `{"line":${line},"id":"${answer.id}"}\n`;
  const { code, message, retryable, errors } = answer.refused;
  return `${JSON.stringify({ line, error: { code, message, retryable, ...(errors && { errors }) } })}\n`;
}

/** Whoever awaits it hears of its failure; should nobody, that is no failure of the process. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}
