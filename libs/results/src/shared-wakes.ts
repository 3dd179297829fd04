import type { OutcomeWakes } from './outcome-feed.js';

type Handlers = Parameters<OutcomeWakes['start']>[0];

/** One connection that hears of ends, for several who wait. It is made at the first `start`. */
export class SharedWakes implements OutcomeWakes {
  private readonly all = new Set<Handlers>();
  private started: Promise<void> | undefined;

  constructor(private readonly wakes: OutcomeWakes) {}

  async start(handlers: Handlers): Promise<void> {
    const first = this.started === undefined;
    this.all.add(handlers);
    this.started ??= this.wakes.start({
      onWake: (jobIds) => this.all.forEach(({ onWake }) => onWake(jobIds)),
      onGap: () => this.all.forEach(({ onGap }) => onGap()),
    });
    await this.started;
    // Whoever comes later has missed what was heard before.
    if (!first) handlers.onGap();
  }

  probe(): Promise<void> {
    return this.wakes.probe();
  }

  async close(): Promise<void> {
    this.all.clear();
    await this.wakes.close();
  }
}
