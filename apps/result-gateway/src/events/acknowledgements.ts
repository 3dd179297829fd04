import type { EventCursor } from '@baton/contracts';

/** A client says that it has a job's event: what a write to its socket does not say. */
export interface Acknowledgement {
  tenantId: string;
  jobId: string;
  cursor: EventCursor;
  channel: 'websocket' | 'sse' | 'long-poll' | 'poll';
}

/** Where channels tell of acknowledgements, and those who deliver by other ways hear of them. */
export class Acknowledgements {
  private readonly listeners: ((acknowledged: Acknowledgement) => Promise<void>)[] = [];

  onAcknowledged(listener: (acknowledged: Acknowledgement) => Promise<void>): void {
    this.listeners.push(listener);
  }

  /** @throws what a listener throws: the client is then told that it was not taken */
  async tell(acknowledged: Acknowledgement): Promise<void> {
    for (const listener of this.listeners) await listener(acknowledged);
  }
}
