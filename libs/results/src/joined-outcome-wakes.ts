import type { OutcomeWakes } from './outcome-feed.js';

/** Wake-ups from several feeds: what one of them tells is heard. */
export class JoinedOutcomeWakes implements OutcomeWakes {
  constructor(private readonly sources: readonly OutcomeWakes[]) {}

  async start(handlers: Parameters<OutcomeWakes['start']>[0]): Promise<void> {
    await Promise.all(this.sources.map((source) => source.start(handlers)));
  }

  async probe(): Promise<void> {
    await Promise.all(this.sources.map((source) => source.probe()));
  }

  async close(): Promise<void> {
    await Promise.all(this.sources.map((source) => source.close()));
  }
}
