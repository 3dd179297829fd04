import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatonClient } from './index.js';

interface Answer {
  status: number;
  body: unknown;
  headers?: Record<string, string>;
}

let server: Server;
let answers: ((request: IncomingMessage, body: string) => Answer)[];
let seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[];
let client: BatonClient;

beforeEach(async () => {
  answers = [];
  seen = [];
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      seen.push({ method: request.method!, url: request.url!, headers: request.headers, body });
      const answer = (answers.length > 1 ? answers.shift()! : answers[0]!)(request, body);
      response
        .writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
        .end(JSON.stringify(answer.body));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new BatonClient({ url, gatewayUrl: `${url}/`, apiKey: 'bk_x', random: () => 0 });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const accepted = { id: 'j1', queue: 'echo', state: 'queued', traceId: 't', token: 'k' };
const problem = (code: string, status: number, more: object = {}): Answer => ({
  status,
  body: { code, status, detail: 'why', retryable: status === 503 || status === 429, ...more },
});

it('posts a job under an idempotency key, and says the same key again when it tries again', async () => {
  answers = [() => problem('unavailable', 503), () => ({ status: 202, body: accepted })];
  expect(await client.enqueue('echo', { a: 1 }, { delay: '2s', traceparent: '00-a-b-01' })).toEqual(accepted);
  expect(seen.map((s) => JSON.parse(s.body) as unknown)).toEqual([
    { queue: 'echo', payload: { a: 1 }, delay: '2s' },
    { queue: 'echo', payload: { a: 1 }, delay: '2s' },
  ]);
  expect(seen[0]!.headers['idempotency-key']).toBeTruthy();
  expect(seen[1]!.headers['idempotency-key']).toBe(seen[0]!.headers['idempotency-key']);
  expect(seen[0]!.headers).toMatchObject({ authorization: 'Bearer bk_x', traceparent: '00-a-b-01' });
});

it('does not repeat what cannot help', async () => {
  answers = [() => problem('unknown_queue', 404)];
  await expect(client.enqueue('nope', 1)).rejects.toMatchObject({
    code: 'unknown_queue',
    message: 'why',
    retryable: false,
  });
  expect(seen).toHaveLength(1);
});

it('posts a batch with the job that runs after it, cancels, and reads a flow', async () => {
  const batch = { items: [{ id: 'j1', state: 'queued' }], callback: { id: 'j2', state: 'held' } };
  answers = [
    () => ({ status: 202, body: batch }),
    () => ({ status: 202, body: { state: 'running' } }),
    () => ({ status: 200, body: { id: 'f' } }),
  ];
  const jobs = [{ queue: 'echo', payload: 1 }];
  expect(await client.enqueueMany(jobs, { callback: { queue: 'report', payload: null } })).toEqual(batch);
  expect(await client.cancel('j1', { reason: 'enough' })).toEqual({ state: 'running' });
  expect(await client.flow({ id: 'f', jobs: {} })).toEqual({ id: 'f' });
  expect(seen.map(({ method, url, body }) => [method, url, body && (JSON.parse(body) as unknown)])).toEqual([
    ['POST', '/v1/jobs/batch', { jobs, callback: { queue: 'report', payload: null } }],
    ['POST', '/v1/jobs/j1/cancel', { reason: 'enough' }],
    ['GET', '/v1/flows/f', ''],
  ]);
});

it('goes to the next replica when one is away', async () => {
  answers = [() => ({ status: 202, body: accepted })];
  const { port } = server.address() as AddressInfo;
  const urls = ['http://127.0.0.1:1', `http://127.0.0.1:${port}/`];
  const both = new BatonClient({ url: urls, gatewayUrl: urls, apiKey: 'bk_x', random: () => 0 });
  expect(await both.enqueue('echo', 1)).toEqual(accepted);
});

it('words an answer that is no problem document', async () => {
  answers = [() => ({ status: 400, body: '<html>proxy</html>' })];
  await expect(client.enqueue('echo', 1)).rejects.toThrow(/HTTP 400.*proxy/);
});

it('says when nobody answers', async () => {
  const lonely = new BatonClient({
    url: 'http://127.0.0.1:1',
    gatewayUrl: 'http://127.0.0.1:1',
    apiKey: 'bk_x',
    retries: 1,
    random: () => 0,
  });
  await expect(lonely.enqueue('echo', 1)).rejects.toMatchObject({ code: 'unavailable' });
});
