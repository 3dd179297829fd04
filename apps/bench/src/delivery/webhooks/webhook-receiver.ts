import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** How a receiver fares; the path of its URL begins with it. */
export type ReceiverKind = 'well' | 'slow' | 'gone' | 'flaky';

/** Slower than any healthy one, and within Baton's patience. */
const slowMs = 5_000;

/** Of those of a flaky receiver, one in so many is refused. */
const flakyEvery = 3;

/** Many receivers at one port: `/well/…` answers at once, `/slow/…` after 5 s, `/gone/…` 410, `/flaky/…` 500 now and then. */
export class WebhookReceiver {
  /** From the event to its being taken here, milliseconds, of those that are well or flaky. */
  readonly lateMs: number[] = [];
  readonly ids = new Set<string>();
  received = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer({ keepAliveTimeout: 30_000 });
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response) => {
      void text(request).then((body) => {
        const kind = request.url?.split('/')[1] as ReceiverKind;
        const status = receiver.take(kind, String(request.headers['webhook-id']));
        const isQuick = kind === 'well' || kind === 'flaky';
        if (isQuick && status === 204)
          receiver.lateMs.push(
            Date.now() - Date.parse((JSON.parse(body) as { timestamp: string }).timestamp),
          );
        setTimeout(() => response.writeHead(status).end(), kind === 'slow' ? slowMs : 0);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  url(kind: ReceiverKind, n: number): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${kind}/${n}`;
  }

  /** What has come so far was a warm-up. */
  forget(): void {
    this.lateMs.length = 0;
  }

  private take(kind: ReceiverKind, id: string): number {
    this.received++;
    this.ids.add(id);
    if (kind === 'gone') return 410;
    return kind === 'flaky' && this.received % flakyEvery === 0 ? 500 : 204;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
