import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatonClient, type StreamAnswer, type StreamedJob } from './index.js';

let server: Server;
let client: BatonClient;
/** How each request in turn is served; the last one serves all others. */
let serve: ((request: IncomingMessage, response: ServerResponse) => Promise<void>)[];
/** Idempotency keys in the order in which they came. */
let keys: string[];

beforeEach(async () => {
  keys = [];
  server = createServer((request, response) => {
    request.on('error', () => undefined); // the client broke off
    const next = serve.length > 1 ? serve.shift()! : serve[0]!;
    next(request, response).catch(() => response.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new BatonClient({ url, gatewayUrl: url, apiKey: 'bk_x', random: () => 0, retries: 2 });
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

type Job = { idempotencyKey: string; payload: number };

/** Answers each line as it comes. @param most then the connection breaks */
function answering(most = Infinity) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    response.writeHead(202, { 'content-type': 'application/x-ndjson' });
    let line = 0;
    for await (const text of linesOf(request)) {
      const { idempotencyKey, payload } = JSON.parse(text) as Job;
      if (++line > most) return void response.destroy();
      keys.push(idempotencyKey);
      const answer =
        payload < 0
          ? { line, error: { code: 'invalid_request', message: 'no', retryable: false } }
          : { line, id: `job-${payload}` };
      response.write(`${JSON.stringify(answer)}\n`);
    }
    response.end();
  };
}

async function* linesOf(request: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of request) {
    const texts = (rest + String(chunk)).split('\n');
    rest = texts.pop() ?? '';
    yield* texts;
  }
}

async function collect(source: AsyncIterable<StreamedJob> | Iterable<StreamedJob>): Promise<StreamAnswer[]> {
  const all: StreamAnswer[] = [];
  for await (const answer of client.enqueueStream(source)) all.push(answer);
  return all;
}

const jobs = (count: number): StreamedJob[] =>
  Array.from({ length: count }, (_, payload) => ({ queue: 'echo', payload }));

it('yields an answer for each job, in order, refused ones too', async () => {
  serve = [answering()];
  expect(await collect([...jobs(2), { queue: 'echo', payload: -1 }])).toEqual([
    { index: 0, id: 'job-0' },
    { index: 1, id: 'job-1' },
    { index: 2, error: { code: 'invalid_request', message: 'no', retryable: false } },
  ]);
});

it('goes on after a break with what was not answered, under the same keys', async () => {
  serve = [answering(100), answering(50), answering()];
  const answers = await collect(jobs(1_000));
  expect(answers.map(({ index }) => index)).toEqual(jobs(1_000).map((_, i) => i));
  expect(new Set(answers.map((answer) => 'id' in answer && answer.id)).size).toBe(1_000);
  expect(new Set(keys).size).toBe(1_000);
});

it('goes on after the service ended the stream, or was unavailable', async () => {
  serve = [
    async (_request, response) => void response.writeHead(202).end(),
    async (request, response) => {
      request.resume();
      response
        .writeHead(202)
        .write('{"line":1,"error":{"code":"unavailable","message":"away","retryable":true}}\n');
      response.end();
    },
    answering(),
  ];
  expect(await collect(jobs(10))).toHaveLength(10);
});

it.each([
  ['breaks', (response: ServerResponse) => void response.destroy()],
  ['ends', (response: ServerResponse) => void response.writeHead(202).end()],
])('gives up when it gets nowhere: each connection %s', async (_how, end) => {
  serve = [async (_request, response) => end(response)];
  await expect(collect(jobs(3))).rejects.toMatchObject({ code: 'unavailable' });
});

it('does not go on where the stream itself is refused', async () => {
  let asked = 0;
  serve = [
    async (request, response) => {
      asked++;
      request.resume();
      const problem = {
        code: 'scope_missing',
        status: 403,
        detail: 'the key lacks jobs:write',
        retryable: false,
      };
      response.writeHead(403, { 'content-type': 'application/problem+json' }).end(JSON.stringify(problem));
    },
  ];
  await expect(collect(jobs(3))).rejects.toMatchObject({ code: 'scope_missing' });
  expect(asked).toBe(1);
});

it('takes no more from its source than the window allows while nobody answers', async () => {
  const stalled = Promise.withResolvers<void>();
  serve = [
    async (request, response) => {
      request.resume();
      response.writeHead(202).flushHeaders();
      await stalled.promise;
      response.destroy();
    },
    answering(),
  ];
  let taken = 0;
  let idle: NodeJS.Timeout;
  async function* source(): AsyncGenerator<StreamedJob> {
    for (const job of jobs(20_000)) {
      clearTimeout(idle);
      idle = setTimeout(stalled.resolve, 300);
      taken++;
      yield job;
    }
  }
  const answers = collect(source());
  await stalled.promise;
  expect(taken).toBeLessThanOrEqual(5_000);
  expect(await answers).toHaveLength(20_000);
});

it('tells what its source threw, and tells its source when nobody wants more', async () => {
  serve = [answering()];
  async function* broken(): AsyncGenerator<StreamedJob> {
    yield* jobs(1);
    throw new Error('the file ends here');
  }
  await expect(collect(broken())).rejects.toThrow('the file ends here');
  let closed = false;
  async function* endless(): AsyncGenerator<StreamedJob> {
    try {
      for (let payload = 0; ; payload++) yield { queue: 'echo', payload };
    } finally {
      closed = true;
    }
  }
  for await (const _answer of client.enqueueStream(endless())) break;
  expect(closed).toBe(true);
});
