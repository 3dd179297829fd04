import { inRootContext, withoutTracing } from '@baton/tracing';
import type { Logger } from 'pino';
import { timerRuns } from '../metrics/relay-metrics.js';
import type { Timer } from './timer.js';

/** No sleep is longer: Node fires a timer of more than 24.8 days at once, and clocks are set. */
const longestSleepMs = 3_600_000;
/** After a look that failed. */
const failurePauseMs = { first: 100, longest: 5_000 };

/**
 * Runs one timer: stopped → (start) looking → sleeping until the next look is due or a wake-up comes → looking …
 * → (stop) stopped, once the look under way has ended. Always: one look at a time.
 */
export class TimerLoop {
  private running: Promise<void> | undefined;
  private wanted = false;
  private woken = false;
  private endSleep: (() => void) | undefined;
  private sleepsUntil = Infinity;
  private failures = 0;

  constructor(
    private readonly timer: Timer,
    private readonly log: Logger,
  ) {}

  start(): void {
    this.wanted = true;
    if (this.running) return;
    this.running = inRootContext(() => this.run()).finally(() => {
      this.running = undefined;
      if (this.wanted) this.start(); // wanted again just as it ended
    });
  }

  /** Looks after `afterMs` at the latest. */
  wake(afterMs = 0): void {
    const at = performance.now() + afterMs;
    if (at >= this.sleepsUntil) return;
    if (afterMs > 0) {
      // The sleep is cut short: it begins anew, with the earlier end.
      this.sleepsUntil = at;
    } else this.woken = true;
    this.endSleep?.();
  }

  async stop(): Promise<void> {
    this.wanted = false;
    this.endSleep?.();
    await this.running;
  }

  private async run(): Promise<void> {
    while (this.wanted) {
      this.woken = false;
      this.sleepsUntil = Infinity;
      const nextMs = await withoutTracing(() => this.look());
      this.sleepsUntil = Math.min(this.sleepsUntil, performance.now() + Math.min(nextMs, longestSleepMs));
      while (this.wanted && !this.woken && performance.now() < this.sleepsUntil) await this.sleep();
    }
  }

  private async look(): Promise<number> {
    try {
      const { found, nextMs = Infinity } = await this.timer.look();
      timerRuns.inc({ timer: this.timer.name, result: found ? 'work' : 'none' });
      this.failures = 0;
      return nextMs;
    } catch (error) {
      timerRuns.inc({ timer: this.timer.name, result: 'error' });
      this.log.warn({ err: error, timer: this.timer.name }, 'a timer failed; it tries again');
      return Math.min(failurePauseMs.longest, failurePauseMs.first * 2 ** this.failures++);
    }
  }

  private sleep(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.endSleep?.(), Math.max(0, this.sleepsUntil - performance.now()));
      this.endSleep = () => {
        clearTimeout(timer);
        this.endSleep = undefined;
        resolve();
      };
    });
  }
}
