import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import pg from 'pg';

export interface TransactionPooler {
  url: string;
  close(): Promise<void>;
}

interface Server {
  client: pg.Client;
  socket: Socket;
  user: Socket | undefined;
}

/**
 * A transaction pooler as small as it can be: `servers` connections to PostgreSQL, of which a client gets the one
 * used last for each transaction, and none in between. Enough of the protocol for sessions without TLS.
 */
export async function startTransactionPooler(url: string, servers = 2): Promise<TransactionPooler> {
  const all: Server[] = [];
  const free: Server[] = [];
  const waiting: (() => void)[] = [];
  for (let i = 0; i < servers; i++) {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    client.on('error', () => undefined); // ended by close()
    const { stream: socket } = (client as unknown as { connection: { stream: Socket } }).connection;
    const server: Server = { client, socket, user: undefined };
    socket.removeAllListeners('data');
    let rest = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      server.user?.write(chunk);
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 5 && rest.length >= rest.readInt32BE(1) + 1) {
        const size = rest.readInt32BE(1) + 1;
        const idle = rest[0] === 0x5a && rest[5] === 0x49; // ReadyForQuery, no transaction
        rest = rest.subarray(size);
        if (!idle) continue;
        server.user = undefined;
        free.push(server);
        waiting.shift()?.();
      }
    });
    all.push(server);
    free.push(server);
  }
  const sockets = new Set<Socket>();
  const listener = createServer((user) => {
    sockets.add(user);
    user.on('error', () => user.destroy()); // the client went
    let greeted = false;
    const pending: Buffer[] = [];
    const forward = (): void => {
      let mine = all.find((server) => server.user === user);
      if (!mine && pending.length > 0) {
        mine = free.pop();
        if (!mine) return void waiting.push(forward);
        mine.user = user;
      }
      for (const chunk of pending.splice(0)) mine?.socket.write(chunk);
    };
    user.on('data', (chunk: Buffer) => {
      if (!greeted) {
        greeted = true;
        // AuthenticationOk, ReadyForQuery
        user.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x5a, 0, 0, 0, 5, 0x49]));
      } else if (chunk[0] === 0x58) {
        user.end(); // Terminate is for the pooler alone
      } else {
        pending.push(chunk);
        forward();
      }
    });
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const pooled = new URL(url);
  pooled.host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  return {
    url: pooled.toString(),
    async close() {
      for (const socket of sockets) socket.destroy();
      for (const { socket } of all) socket.destroy();
      listener.close();
      await once(listener, 'close');
    },
  };
}
