import { timing } from '@baton/contracts';
import type { Reporter } from './reporter.js';
import { heartbeat } from './words.js';

/**
 * Each 2 s while this worker runs anything that it has announced, it says what: an execution that is missing from a
 * later heartbeat has ended or is lost.
 *
 * When none was acknowledged for as long as makes a worker count as silent (this process was stopped, or the broker
 * away), what it runs may be others' by now: `onLapse` is called once it is heard again.
 */
export class Heartbeats {
  private readonly announced = new Set<string>();
  private timer: NodeJS.Timeout | undefined;
  /** One that the broker has not taken yet: another behind it would say nothing more. */
  private unsaid = false;
  private heardAt = 0;

  constructor(
    private readonly reporter: Pick<Reporter, 'say'>,
    private readonly onLapse: () => void,
  ) {}

  has(executionId: string): boolean {
    return this.announced.has(executionId);
  }

  add(executionId: string): void {
    this.announced.add(executionId);
    if (this.timer) return;
    this.heardAt = performance.now();
    this.timer = setInterval(() => this.beat(), timing.heartbeatMs);
  }

  delete(executionId: string): void {
    this.announced.delete(executionId);
    if (this.announced.size === 0) this.stop();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private beat(): void {
    if (this.unsaid) return;
    this.unsaid = true;
    this.reporter.say(heartbeat([...this.announced]), () => this.heard());
  }

  private heard(): void {
    this.unsaid = false;
    const now = performance.now();
    const lapsed = now - this.heardAt > timing.silentMs;
    this.heardAt = now;
    if (lapsed) this.onLapse();
  }
}
