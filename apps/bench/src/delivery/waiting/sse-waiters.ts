import { Pool } from 'undici';
import type { Learned, Waiters, Waiting } from './waiter.js';

/** Streams of events, each read to the event that ends its job. */
export class SseWaiters implements Waiters {
  private readonly pool: Pool;

  constructor(gatewayUrl: string, connections: number) {
    this.pool = new Pool(gatewayUrl, { connections, bodyTimeout: 0 });
  }

  wait({ id, token }: { id: string; token: string }): Waiting {
    let onHeld: () => void;
    const held = new Promise<void>((resolve) => (onHeld = resolve));
    const learned = this.learn(id, token, () => onHeld());
    return { held: Promise.race([held, learned.then(() => undefined)]), learned };
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async learn(id: string, token: string, onHeld: () => void): Promise<Learned> {
    const response = await this.pool.request({
      method: 'GET',
      path: `/v1/results/${id}/events`,
      headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    });
    if (response.statusCode !== 200) throw new Error(`the stream of ${id} answered ${response.statusCode}`);
    onHeld();
    let text = '';
    for await (const chunk of response.body) {
      text += String(chunk);
      const end = /^event: ?job\.succeeded\r?$[^]*?^data: ?(.*)$/m.exec(text);
      if (!end) continue;
      const atMs = Date.now();
      const { at } = JSON.parse(end[1]!) as { at: string };
      return { endedAtMs: Date.parse(at), atMs };
    }
    throw new Error(`the stream of ${id} ended before its job`);
  }
}
