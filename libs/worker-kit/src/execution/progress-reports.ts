import { limits } from '@baton/contracts';
import type { ProgressNote, ProgressSink } from './progress-note.js';

/** Says one note; `onKept` is called when it is kept, with an error when it never will be. */
export type SayNote = (note: ProgressNote, onKept: (error?: Error) => void) => void;

interface Waiter {
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * What one execution says of its progress: at most one word in `everyMs`, each with all that came since the last.
 * quiet → due (the handler noted something) → under way (said, and not kept yet) → quiet or due → ended. At most one
 * word is under way, so a store that is away holds one note here and not a line of them. What is due at the end goes
 * with the outcome: the last note is never lost.
 */
export class ProgressReports implements ProgressSink {
  private due: { note: ProgressNote; waiters: Waiter[] } | undefined;
  private underWay: Waiter[] | undefined;
  private timer: NodeJS.Timeout | undefined;
  private saidAt = -Infinity;
  private ended = false;

  constructor(
    private readonly say: SayNote,
    private readonly everyMs: number = limits.progressEveryMs,
  ) {}

  note(note: ProgressNote): Promise<void> {
    const kept = new Promise<void>((resolve, reject) => {
      if (this.ended) return resolve(); // said after its end by a handler that was given up: nobody listens
      this.due ??= { note: {}, waiters: [] };
      Object.assign(this.due.note, note);
      this.due.waiters.push({ resolve, reject });
      this.sayWhenDue();
    });
    kept.catch(() => undefined); // the handler need not wait for it
    return kept;
  }

  /** @returns what was not said yet: it goes with the outcome */
  end(error?: Error): ProgressNote | undefined {
    this.ended = true;
    clearTimeout(this.timer);
    const left = this.due;
    this.due = undefined;
    for (const { resolve, reject } of [...(this.underWay ?? []), ...(left?.waiters ?? [])]) {
      if (error) reject(error);
      else resolve();
    }
    this.underWay = undefined;
    return left?.note;
  }

  private sayWhenDue(): void {
    if (!this.due || this.underWay || this.ended || this.timer) return;
    const wait = this.saidAt + this.everyMs - performance.now();
    if (wait > 0) {
      this.timer = setTimeout(() => {
        this.timer = undefined;
        this.sayNow();
      }, wait);
    } else this.sayNow();
  }

  private sayNow(): void {
    if (!this.due) return;
    const { note, waiters } = this.due;
    this.due = undefined;
    this.underWay = waiters;
    this.saidAt = performance.now();
    this.say(note, (error) => {
      if (this.underWay !== waiters) return;
      this.underWay = undefined;
      for (const { resolve, reject } of waiters) {
        if (error) reject(error);
        else resolve();
      }
      this.sayWhenDue();
    });
  }
}
