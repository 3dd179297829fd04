// A service in little, run as a process of its own by register.spec.ts: one request, one job through all hops.
import { once } from 'node:events';
import { createServer, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import pg from 'pg';
import {
  flushTracing,
  nameRequestSpan,
  requestContext,
  shutdownTracing,
  startProduceSpan,
} from '../index.js';
import { Journey } from '../testing/journey.fixture.js';

const isPatched = (prototype: object, method: string): boolean =>
  (prototype as Record<string, { __wrapped?: boolean }>)[method]?.__wrapped === true;

const server = createServer((request, response) => {
  if (request.url === '/v1/jobs') {
    nameRequestSpan('POST', '/v1/jobs');
    const job = new Journey();
    const produce = startProduceSpan({
      ...job.job,
      parent: requestContext(request.headers),
      startTime: Date.now(),
    });
    produce.end();
    job.carrier = produce.carrier;
    job.publish().wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
  }
  response.end();
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const headers = { traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' };
await fetch(`${url}/v1/jobs`, { method: 'POST', headers });
await fetch(`${url}/healthz`, { headers });
server.close();
server.closeAllConnections();

const flushed = await flushTracing();
await shutdownTracing();
process.stdout.write(
  JSON.stringify({
    flushed,
    patched: {
      http: isPatched(Server.prototype, 'emit'),
      pg: isPatched(pg.Client.prototype, 'query'),
      ioredis: isPatched(Redis.prototype, 'sendCommand'),
    },
  }),
);
