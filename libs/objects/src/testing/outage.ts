import { connect, createServer, type Socket } from 'node:net';

/** A way to a server that can be cut and mended: its port stays the same. */
export interface Outage {
  /** The server's URL by this way. */
  url: string;
  /** Ends all connections, and takes no more. */
  begin: () => Promise<void>;
  end: () => Promise<void>;
}

export async function outageOf(url: string): Promise<Outage> {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => socket.destroy());
    }
    client.pipe(upstream).pipe(client);
  });
  const listen = (on: number): Promise<void> =>
    new Promise((resolve, reject) => server.once('error', reject).listen(on, '127.0.0.1', resolve));
  await listen(0);
  const own = (server.address() as { port: number }).port;
  return {
    url: `http://127.0.0.1:${own}`,
    begin: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
    end: () => listen(own),
  };
}
