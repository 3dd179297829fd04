/** A trace collector that reads what it is sent and keeps nothing. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from '../../processes/serve-parent.js';

let requests = 0;
const server = createServer((request, response) => {
  requests++;
  request
    .resume()
    .once('end', () => response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end());
});

serveParent({
  /** Resolves to its URL. */
  async open(): Promise<string> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  },
  requests: async () => requests,
  async close(): Promise<void> {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  },
});
