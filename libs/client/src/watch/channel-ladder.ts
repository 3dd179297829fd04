import type { ChannelName } from './channel.js';

/** How long a channel that did not work is passed over. */
const avoidMs = 60_000;

/** Which channel to take: the first of them that has not failed of late; if all have, the one that failed longest ago. */
export class ChannelLadder {
  private readonly avoidUntil = new Map<ChannelName, number>();

  constructor(
    private readonly names: readonly ChannelName[],
    private readonly now: () => number = Date.now,
  ) {
    if (names.length === 0) throw new TypeError('at least one channel must be allowed');
  }

  best(): ChannelName {
    const until = (name: ChannelName): number => this.avoidUntil.get(name) ?? 0;
    const open = this.names.find((name) => until(name) <= this.now());
    return open ?? this.names.reduce((a, b) => (until(b) < until(a) ? b : a));
  }

  /** @returns whether there is another to go on with at once */
  failed(name: ChannelName): boolean {
    this.avoidUntil.set(name, this.now() + avoidMs);
    return this.names.some((other) => (this.avoidUntil.get(other) ?? 0) <= this.now());
  }

  /** Nobody answered on any channel: that tells nothing about channels. */
  forgive(): void {
    this.avoidUntil.clear();
  }
}
