import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** How a receiver fares; the path of its URL begins with it. */
export type ReceiverKind = 'well' | 'slow';

/** Slower than any healthy one, and within Baton's patience. */
const slowMs = 5_000;

/** Many receivers at one port: `/well/…` answers at once, `/slow/…` after 5 s. */
export class WebhookReceiver {
  /** From the event to its coming here, milliseconds, of those that are well. */
  readonly lateMs: number[] = [];
  readonly ids = new Set<string>();
  received = 0;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<WebhookReceiver> {
    const server = createServer({ keepAliveTimeout: 30_000 });
    const receiver = new WebhookReceiver(server);
    server.on('request', (request, response) => {
      void text(request).then((body) => {
        receiver.received++;
        receiver.ids.add(String(request.headers['webhook-id']));
        const isWell = request.url?.startsWith('/well') === true;
        if (isWell)
          receiver.lateMs.push(
            Date.now() - Date.parse((JSON.parse(body) as { timestamp: string }).timestamp),
          );
        setTimeout(() => response.writeHead(204).end(), isWell ? 0 : slowMs);
      });
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return receiver;
  }

  url(kind: ReceiverKind, n: number): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/${kind}/${n}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}
