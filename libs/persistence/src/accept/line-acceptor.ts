import { BatonError } from '@baton/contracts';
import { withoutTracing } from '@baton/tracing';
import type { Pool } from 'pg';
import { faultKind } from '../transaction/sqlstate.js';
import { retrying } from '../transaction/transaction.js';
import { UnknownQueues } from './accept-group.js';
import {
  acceptLines,
  readLineKeys,
  type JobLine,
  type LineAnswer,
  type LinesResult,
} from './accept-lines.js';
import type { JobAcceptorOptions } from './job-acceptor.js';
import { wakeFor } from './wake-for.js';
import { FateUnknownError, writeOnce } from './write-group.js';

/** What became of a line for good. */
export type LineEnd = Exclude<LineAnswer, { busy: true }>;

interface Lines {
  tenantId: string;
  lines: readonly JobLine[];
}

/**
 * Accepts the lines of a stream, some hundreds in one transaction, each by itself: one that PostgreSQL refuses is found
 * by halving the others off.
 */
export class LineAcceptor {
  constructor(
    private readonly pool: Pool,
    private readonly options: JobAcceptorOptions,
  ) {}

  /**
   * @returns an answer a line, in their order
   * @throws BatonError `unavailable`: nothing is known to be accepted of them, and the stream ends here
   */
  async accept({ tenantId, lines }: Lines): Promise<LineEnd[]> {
    const answers = new Map<JobLine, LineAnswer>();
    await withoutTracing(() => this.write({ tenantId, lines }, { wait: false, answers }));
    // Alone in a transaction, those whose lane was busy wait for it, in their order.
    const busy = lines.filter((line) => 'busy' in answers.get(line)!);
    if (busy.length > 0)
      await withoutTracing(() => this.write({ tenantId, lines: busy }, { wait: true, answers }));
    return lines.map((line): LineEnd => {
      const answer = answers.get(line)!;
      return 'busy' in answer ? { refused: stillBusy() } : answer;
    });
  }

  /** What earlier lines with the keys of these made, or `undefined`, for each. */
  async repeats({
    tenantId,
    lines,
  }: {
    tenantId: string;
    lines: readonly Pick<JobLine, 'key'>[];
  }): Promise<(LineEnd | undefined)[]> {
    const kept = await retrying(() => readLineKeys(this.pool, tenantId, lines), this.options);
    return lines.map((line) => kept.get(line));
  }

  private async write(
    given: Lines,
    how: { wait: boolean; answers: Map<JobLine, LineAnswer> },
  ): Promise<void> {
    const { tenantId, lines } = given;
    if (lines.length === 0) return;
    try {
      const work = (tx: Parameters<typeof acceptLines>[0]): Promise<LinesResult> =>
        acceptLines(tx, given, how);
      const result = await retrying(() => writeOnce(this.pool, work), this.options);
      wakeFor(result, this.options.wake);
      for (const [line, answer] of result.answers) how.answers.set(line, answer);
    } catch (error) {
      const halves = this.blame(lines, how.answers, error);
      for (const half of halves) await this.write({ tenantId, lines: half }, how);
    }
  }

  /** @returns the lines that are to be written again, without those at fault, or in halves until these are found */
  private blame(
    lines: readonly JobLine[],
    answers: Map<JobLine, LineAnswer>,
    error: unknown,
  ): (readonly JobLine[])[] {
    if (error instanceof UnknownQueues) {
      const ids = new Map([...error.refusals].map(([{ jobs }, refused]) => [jobs[0]!.id, refused]));
      for (const line of lines) {
        const refused = ids.get(line.job.id);
        if (refused) answers.set(line, { refused });
      }
      return [lines.filter((line) => !ids.has(line.job.id))];
    }
    if (faultKind(error) !== 'member') throw unavailable(error);
    if (lines.length > 1) {
      const half = Math.ceil(lines.length / 2);
      return [lines.slice(0, half), lines.slice(half)];
    }
    const why = error instanceof Error ? error.message : String(error);
    const refused = new BatonError('invalid_request', `PostgreSQL cannot store this job: ${why}`, {
      cause: error,
    });
    answers.set(lines[0]!, { refused });
    return [];
  }
}

function stillBusy(): BatonError {
  return new BatonError('unavailable', 'the lane of this job was locked for too long', {
    retryAfterSeconds: 1,
  });
}

function unavailable(cause: unknown): unknown {
  if (BatonError.is(cause)) return cause;
  if (!(cause instanceof FateUnknownError) && faultKind(cause) !== 'passing') return cause;
  const what = 'PostgreSQL did not take these lines, or went away while it did';
  return new BatonError('unavailable', `${what}; repeat them with their keys`, {
    cause,
    retryAfterSeconds: 1,
  });
}
