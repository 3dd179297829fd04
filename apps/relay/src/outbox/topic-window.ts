import type { BrokerAdmin } from '@baton/messaging';
import { readLag } from './read-lag.js';

/** While there is room the lag is read at most this often. */
const readEveryMs = 1_000;

/**
 * How much more of a queue's backlog may lie on its topic. The lag is what was read last plus what was sent since;
 * a reading older than a second is renewed beside the sending. Without room each look reads anew, and waits for it:
 * how often that is, is the pump's to say, or a fleet that keeps up would be held at one window a second.
 */
export class TopicWindow {
  private lag: number | undefined;
  private sent = 0;
  private sentAtRead = 0;
  private readAt = -Infinity;
  private reading: Promise<void> | undefined;

  constructor(
    private readonly admin: BrokerAdmin,
    private readonly queue: string,
    private readonly topic: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * Records that may be sent now, given the queue's window.
   * @throws BrokerUnavailableError when nothing is known of the topic and the broker cannot be asked
   */
  async room(window: number): Promise<number> {
    if (this.lag === undefined || this.roomBy(window) <= 0) await this.read();
    else if (this.now() - this.readAt >= readEveryMs) {
      this.read().catch(() => (this.lag = undefined)); // then the next send asks first, and sees the failure
    }
    return Math.max(0, this.roomBy(window));
  }

  published(records: number): void {
    this.sent += records;
  }

  private roomBy(window: number): number {
    return window - (this.lag ?? 0) - (this.sent - this.sentAtRead);
  }

  private read(): Promise<void> {
    this.reading ??= this.readNow().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async readNow(): Promise<void> {
    this.readAt = this.now();
    const sentBefore = this.sent;
    const { lag } = await readLag(this.admin, this.queue, this.topic);
    this.lag = lag;
    this.sentAtRead = sentBefore;
  }
}
