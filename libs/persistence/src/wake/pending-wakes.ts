import { channels, type Channel } from '@baton/contracts';

/** PostgreSQL refuses a payload of 8,000 bytes or more. */
const payloadBytes = 7_900;
/** Beyond this many items a channel's hints are dropped: its readers' sweeps find what they stood for. */
const mostItems = 100_000;

/** Wake-ups that have not been sent yet, each item once. */
export class PendingWakes {
  private readonly items = new Map<Channel, Set<string>>();

  get empty(): boolean {
    return this.items.size === 0;
  }

  add(channel: Channel, item: string): void {
    let items = this.items.get(channel);
    if (!items) this.items.set(channel, (items = new Set()));
    if (channel === channels.timers || channel === channels.gates) {
      // Only the earliest due time matters.
      const [known] = items;
      if (known !== undefined && Number(known) <= Number(item)) return;
      items.clear();
    }
    if (items.size < mostItems) items.add(item);
  }

  /** Takes everything, as payloads that PostgreSQL accepts. */
  take(): { channels: Channel[]; payloads: string[] } {
    const taken = { channels: [] as Channel[], payloads: [] as string[] };
    for (const [channel, items] of this.items) {
      let payload = '';
      for (const item of items) {
        if (payload.length > 0 && payload.length + item.length + 1 > payloadBytes) {
          taken.channels.push(channel);
          taken.payloads.push(payload);
          payload = '';
        }
        payload = payload.length === 0 ? item : `${payload},${item}`;
      }
      taken.channels.push(channel);
      taken.payloads.push(payload);
    }
    this.items.clear();
    return taken;
  }
}
