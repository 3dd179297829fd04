import net from 'node:net';
import tls from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

const keepAliveMs = 60_000;

/**
 * The sockets of one client, so that a client that hangs can be cut off: kafkajs itself waits for
 * its requests before it disconnects, and goes on retrying.
 *
 * open → cut: once cut, every socket is destroyed and no other can be opened.
 */
export class Sockets {
  private readonly open = new Set<net.Socket>();
  private reason: Error | undefined;

  readonly factory: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.reason) throw this.reason;
    // kafkajs passes its configuration through; without TLS it is undefined, whatever its types say.
    const secure = ssl as tls.ConnectionOptions | undefined;
    const socket = secure
      ? tls.connect({ host, port, ...(net.isIP(host) ? {} : { servername: host }), ...secure }, onConnect)
      : net.connect({ host, port }, onConnect);
    socket.setKeepAlive(true, keepAliveMs);
    socket.setNoDelay(true);
    this.open.add(socket);
    socket.once('close', () => this.open.delete(socket));
    return socket;
  };

  cut(reason: string): void {
    this.reason ??= new Error(reason);
    // Destroyed with an error, since kafkajs hears of a socket's end by `end` and `error` only.
    for (const socket of this.open) socket.destroy(this.reason);
  }
}
