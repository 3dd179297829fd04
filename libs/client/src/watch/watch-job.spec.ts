import { getEventListeners } from 'node:events';
import { jest } from '@jest/globals';
import { BatonClient, JobReader, type ChannelStatus, type JobEvent, WaitTimeoutError } from '../index.js';
import { event, json, problem, ScriptedGateway, sse, telling } from '../scripted-gateway.fixture.js';
import type { ReadOptions } from '../read-jobs.js';

const id = '01990000-0000-7000-8000-000000000001';
const accepted = event(1, 'job.accepted');
const queued = event(2, 'job.queued', { attempt: 1 });
const progress = event(3, 'job.progress', { fraction: 0.5 });
const succeeded = event(4, 'job.succeeded', { state: 'succeeded', attempt: 1, result: { n: 1 } });
const whole = [accepted, queued, progress, succeeded];

let first: ScriptedGateway;
let second: ScriptedGateway;
let statuses: ChannelStatus[];
let client: BatonClient;

beforeEach(async () => {
  [first, second] = await Promise.all([ScriptedGateway.start(), ScriptedGateway.start()]);
  statuses = [];
  client = clientOf();
});
afterEach(() => {
  client.close();
  first.stop();
  second.stop();
});

function clientOf(options: Partial<ReadOptions> = {}): BatonClient {
  return new BatonClient({
    url: first.url,
    gatewayUrl: [first.url, second.url],
    apiKey: 'bk_x',
    backoff: { firstMs: 1, mostMs: 5 },
    random: () => 0,
    onChannel: (status) => statuses.push(status),
    ...options,
  });
}

async function all(events: AsyncIterable<JobEvent>): Promise<string[]> {
  const cursors: string[] = [];
  for await (const { cursor } of events) cursors.push(cursor);
  return cursors;
}
const opened = (): string[] =>
  statuses.filter(({ status }) => status === 'open').map(({ channel }) => channel);
const ofSocket = (name: string): unknown[] => first.messages.flatMap((message) => message[name] ?? []);

it('takes a WebSocket, shows its key in the first message and never in the URL, and has the result at once', async () => {
  first.sockets = [telling(whole)];
  const told: number[] = [];
  const onProgress = ({ fraction }: { fraction?: number }): void => void told.push(fraction!);
  expect(await client.wait(id, { onProgress })).toEqual({ n: 1 });
  expect(told).toEqual([0.5]);
  expect(first.messages.slice(0, 2)).toEqual([{ token: 'bk_x' }, { subscribe: `job:${id}` }]);
  expect(first.seen.map(({ url }) => url)).toEqual(['/v1/stream']);
});

it('goes on at another gateway, from its cursor, when one says that it stops; what is told twice is passed on once', async () => {
  first.sockets = [telling([accepted, queued], { code: 1012 })];
  second.sockets = [telling([queued, progress, succeeded])];
  expect(await all(client.events(id))).toEqual(['0:1', '0:2', '0:3', '0:4']);
  expect(second.messages[1]).toEqual({ subscribe: `job:${id}`, cursor: '0:2' });
});

/**
 * Asks while the first gateway never answers: the second is asked when the first has had so long, milliseconds, and not before.
 * The client's own timers alone are set ahead; sockets keep theirs.
 */
async function askBoth<T>(boundMs: number, ask: () => Promise<T>): Promise<T> {
  const soon = setTimeout;
  const turn = (): Promise<unknown> => new Promise((resolve) => soon(resolve, 5));
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'setInterval', 'nextTick', 'queueMicrotask'] });
  try {
    const told = ask();
    told.catch(() => undefined); // given back below, where all is well
    while (first.seen.length === 0) await turn();
    jest.advanceTimersByTime(boundMs - 1_000);
    await turn();
    expect(second.seen).toHaveLength(0);
    jest.advanceTimersByTime(1_000);
    // The next try waits a little.
    for (let turns = 0; second.seen.length === 0 && turns < 400; turns++) {
      await turn();
      jest.advanceTimersByTime(5);
    }
    expect(second.seen).toHaveLength(1);
    return await told;
  } finally {
    jest.useRealTimers();
  }
}

it.each(['long-poll', 'poll'] as const)(
  'goes on by %s at another gateway when one takes the request and never answers',
  async (channel) => {
    first.requests = [() => undefined];
    second.requests = [json(200, { items: whole, cursor: '0:4', terminal: true })];
    client = clientOf({ channels: [channel] });
    const told = await askBoth(channel === 'poll' ? 10_000 : 40_000, () => all(client.events(id)));
    expect(told).toHaveLength(4);
    expect(statuses).toEqual([
      expect.objectContaining({ status: 'failed', gateway: first.url }),
      expect.objectContaining({ status: 'open', gateway: second.url }),
    ]);
  },
);

it('asks another gateway for the result where one takes the request and never answers', async () => {
  first.requests = [() => undefined];
  second.requests = [json(200, { state: 'succeeded', result: 7 })];
  expect(await askBoth(60_000, () => client.result(id))).toMatchObject({ result: 7 });
});

it('acknowledges an end when its result is here, and not before', async () => {
  const asked = (): string[] => first.seen.slice(1).map(({ method, url }) => `${method} ${url}`);
  const [get, ack] = [`GET /v1/results/${id}`, `POST /v1/results/${id}/ack`];
  for (const [answer, wanted] of [
    [json(200, { state: 'succeeded', result: 7 }), [get, ack]],
    [problem('result_expired', 410), [get]],
    [problem('job_dead', 409), [get, ack]],
  ] as const) {
    first.seen.length = 0;
    first.sockets = [telling([accepted, event(2, 'job.succeeded', {})])];
    first.requests = [answer, json(200, { acknowledged: true })];
    client = clientOf();
    await client.wait(id, { acknowledge: true }).catch(() => undefined); // what it says is another test's
    expect(asked()).toEqual(wanted);
    client.close();
  }
});

it('resumes where the caller is, and ends at once when that is the end', async () => {
  first.sockets = [
    (socket, message) => {
      if ('subscribe' in message)
        socket.send(
          JSON.stringify({ subscribed: message['subscribe'], terminal: true, cursor: '0:4', events: [] }),
        );
    },
  ];
  expect(await all(client.events(id, { cursor: '0:4' }))).toEqual([]);
  expect(ofSocket('cursor')).toEqual(['0:4']);
});

it('takes SSE where no WebSocket opens, and passes over WebSockets for a while', async () => {
  first.requests = [sse(accepted, queued), sse(progress, succeeded)];
  second.requests = first.requests;
  expect(await all(client.events(id))).toEqual(['0:1', '0:2', '0:3', '0:4']);
  expect(opened()).toEqual(['sse', 'sse']);
  const requests = [...first.seen, ...second.seen];
  expect(requests.map(({ url }) => url)).toEqual([
    '/v1/stream',
    `/v1/results/${id}/events`,
    `/v1/results/${id}/events?cursor=0%3A2`,
  ]);
  expect(requests[1]!.headers).toMatchObject({ authorization: 'Bearer bk_x', accept: 'text/event-stream' });
});

it('takes long-poll where a stream is spoilt, and poll where too many requests are held, no sooner than it is told', async () => {
  const page = (items: object[], cursor: string, terminal = false) => ({ items, cursor, terminal });
  first.requests = [
    json(200, 'a proxy gathered it'),
    json(200, page([accepted], '0:1')),
    problem('too_many_waiting', 429, { 'retry-after': '7' }),
    json(200, page([queued, progress], '0:3'), { 'retry-after': '1' }),
    json(200, page([succeeded], '0:4', true)),
  ];
  const began = Date.now();
  expect(await all(client.events(id))).toEqual(['0:1', '0:2', '0:3', '0:4']);
  expect(Date.now() - began).toBeGreaterThanOrEqual(1_000);
  expect(opened()).toEqual(['long-poll', 'poll']);
  expect(first.seen.slice(2).map(({ headers }) => headers['prefer'])).toEqual([
    'wait=30',
    'wait=30',
    undefined,
    undefined,
  ]);
});

it('tries the next gateway when one does not answer, and gives up when none has for long', async () => {
  first.stop();
  second.sockets = [telling(whole)];
  expect(await client.wait(id)).toEqual({ n: 1 });
  second.stop();
  client = clientOf({ patienceMs: 30 });
  await expect(client.wait(id)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(/no gateway has answered.*ALLOWED_ORIGINS/),
  });
});

it('says what no other gateway would spare it', async () => {
  first.sockets = [
    (socket, message) => {
      const error = { code: 'not_found', message: `there is no job ${id}` };
      if ('subscribe' in message) socket.send(JSON.stringify({ error, subscribe: message['subscribe'] }));
    },
    (socket) => socket.close(3500, 'no such API key'),
  ];
  await expect(client.wait(id)).rejects.toMatchObject({ code: 'not_found' });
  client.close();
  client = clientOf();
  await expect(client.wait(id)).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(second.seen).toEqual([]);
});

it('asks for the result that an event does not carry, and words a job that ended badly', async () => {
  first.sockets = [telling([accepted, event(2, 'job.succeeded', {})])];
  first.requests = [json(200, { result: { file: { name: 'a.png' } } }), problem('job_dead', 409)];
  expect(await client.wait(id)).toEqual({ file: { name: 'a.png' } });
  first.sockets = [
    telling([accepted, event(2, 'job.dead', { error: { code: 'handler_error', message: 'x' } })]),
  ];
  client.close();
  client = clientOf();
  await expect(client.wait(id)).rejects.toMatchObject({ name: 'JobEndedError', code: 'job_dead' });
});

it('lets go at once when it is told to, and watches many jobs on one socket', async () => {
  const other = id.replace(/1$/, '2');
  first.sockets = [telling([accepted])];
  const stop = new AbortController();
  const waiting = client.wait(id, { signal: stop.signal });
  while (ofSocket('subscribe').length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  const timed = client.wait(other, { timeoutMs: 300 });
  await expect(timed).rejects.toBeInstanceOf(WaitTimeoutError);
  stop.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  expect(getEventListeners(stop.signal, 'abort')).toEqual([]);
  expect(ofSocket('token')).toHaveLength(1);
  expect(ofSocket('subscribe')).toEqual([`job:${id}`, `job:${other}`]);
  // The gateway is told, and a new watch of the same job needs another socket until it has confirmed.
  first.sockets = [telling(whole)];
  expect(await client.wait(id)).toEqual({ n: 1 });
  expect(ofSocket('unsubscribe')).toContain(`job:${other}`);
});

it('a consumer that breaks off unsubscribes, and a closed client ends its watches', async () => {
  first.sockets = [telling([accepted, queued])];
  for await (const { type } of client.events(id)) if (type === 'job.queued') break;
  const watch = client.events(id.replace(/1$/, '3'));
  await watch.next();
  expect(ofSocket('unsubscribe')).toEqual([`job:${id}`]);
  client.close();
  await expect(watch.next()).rejects.toMatchObject({ code: 'unavailable', message: 'the client was closed' });
});

describe('with a job token', () => {
  const tokenOf = (name: string, seconds: number): string =>
    `x.${Buffer.from(JSON.stringify({ name, exp: Math.floor(Date.now() / 1_000) + seconds })).toString('base64url')}.y`;
  const reader = (token: string, more: object = {}): JobReader =>
    new JobReader({ id, token, gatewayUrl: first.url, backoff: { firstMs: 1, mostMs: 5 }, ...more });

  it('comes again with a fresh one when the gateway says that it is over', async () => {
    const [old, fresh] = [tokenOf('old', 600), tokenOf('fresh', 900)];
    first.sockets = [telling([accepted, queued], { code: 3005 }), telling([progress, succeeded])];
    first.requests = [json(200, { token: fresh })];
    const job = reader(old, { url: first.url });
    expect(await job.wait()).toEqual({ n: 1 });
    expect(ofSocket('token')).toEqual([old, fresh]);
    const exchange = first.seen.find(({ method }) => method === 'POST')!;
    expect([exchange.url, exchange.headers.authorization]).toEqual([`/v1/jobs/${id}/token`, `Bearer ${old}`]);
    job.close();
  });

  it('shows a fresh one on the open socket before the old one is over', async () => {
    const fresh = tokenOf('fresh', 900);
    let socketOfJob: { send: (text: string) => void };
    first.sockets = [
      (socket, message) => {
        socketOfJob = socket;
        if ('subscribe' in message) telling([accepted, queued, progress])(socket, message);
        if (message['token'] === fresh) socketOfJob.send(JSON.stringify({ job: id, ...succeeded }));
      },
    ];
    const job = reader(tokenOf('old', 2), { refreshToken: async () => fresh });
    expect(await job.wait()).toEqual({ n: 1 });
    job.close();
  });

  it('says so when nobody can renew it, and when a fresh one is not taken either', async () => {
    first.sockets = [
      (socket) => socket.close(3005),
      (socket) => socket.close(3005),
      (socket) => socket.close(3500),
    ];
    const alone = reader(tokenOf('old', 600));
    await expect(alone.wait()).rejects.toMatchObject({ code: 'unauthenticated' });
    let made = 0;
    const job = reader(tokenOf('old', 600), { refreshToken: async () => tokenOf(`fresh${++made}`, 900) });
    await expect(job.wait()).rejects.toMatchObject({ code: 'unauthenticated' });
    expect(made).toBe(1);
    alone.close();
    job.close();
  });
});
