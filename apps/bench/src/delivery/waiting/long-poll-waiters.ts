import { Pool } from 'undici';
import type { Learned, Waiters, Waiting } from './waiter.js';

/** Held requests: one that ends without the result is made again at once. */
export class LongPollWaiters implements Waiters {
  private readonly pool: Pool;

  constructor(gatewayUrl: string, connections: number) {
    this.pool = new Pool(gatewayUrl, { connections, headersTimeout: 120_000 });
  }

  wait({ id, token }: { id: string; token: string }): Waiting {
    // Nothing of a held request comes back before its end: that it was sent must do.
    return { held: Promise.resolve(), learned: this.learn(id, token) };
  }

  async close(): Promise<void> {
    await this.pool.destroy();
  }

  private async learn(id: string, token: string): Promise<Learned> {
    for (;;) {
      const response = await this.pool.request({
        method: 'GET',
        path: `/v1/results/${id}`,
        headers: { authorization: `Bearer ${token}`, prefer: 'wait=60' },
      });
      const text = await response.body.text();
      if (response.statusCode === 200) {
        const { finishedAt } = JSON.parse(text) as { finishedAt: string };
        return { endedAtMs: Date.parse(finishedAt), atMs: Date.now() };
      }
      if (response.statusCode !== 202)
        throw new Error(`GET /v1/results/${id} answered ${response.statusCode}: ${text.slice(0, 300)}`);
    }
  }
}
