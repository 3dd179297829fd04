import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { randomUUID } from 'node:crypto';
import { channels, limits } from '@baton/contracts';
import {
  createTestDatabase,
  seedJobs,
  type SeededTenant,
  seedTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { Authenticator, hashApiKey } from '@baton/service';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Acknowledgements } from '../events/acknowledgements.js';
import { keyFor, startGateway, TestWorker, tokenFor } from '../testing/test-gateway.js';
import { TestSocket } from '../testing/test-socket.js';
import { closeCodes } from './close-codes.js';
import { QueueEnds } from './queue-ends.js';
import { StreamServer, type StreamServerOptions } from './stream-server.js';

const origin = 'https://app.example';
let test: TestDatabase;
let worker: TestWorker;
let app: NestFastifyApplication;
let url: string;
let tenant: SeededTenant;
let key: string;
let options: StreamServerOptions;

beforeAll(async () => {
  test = await createTestDatabase();
  worker = new TestWorker(test);
});
afterAll(async () => {
  await worker.close();
  await test.close();
});
beforeEach(async () => {
  ({ app, url } = await startGateway(test, { allowedOrigins: [origin] }));
  tenant = await seedTenant(test.database);
  key = await keyFor(test, tenant.tenantId);
  ({ options } = app.get<StreamServer, { options: StreamServerOptions }>(StreamServer));
});
afterEach(async () => {
  for (const client of app.get(StreamServer).clients)
    (client as unknown as { raw: { terminate(): void } }).raw.terminate();
  await app.close();
});

const byKey = (more: Record<string, unknown> = {}) => ({
  headers: { authorization: `Bearer ${key}`, ...more },
});
const seedOne = async (): Promise<string> => (await seedJobs(test.database, tenant, [{}]))[0]!;
const types = (events: unknown): string[] => (events as { type: string }[]).map(({ type }) => type);

describe('before the upgrade', () => {
  it.each([
    ['another path', { path: '/v1/other' }, /^404: there is no WebSocket at \/v1\/other/],
    ['another subprotocol', { protocol: 'chat' }, /^400: the subprotocol must be baton.v1; offered: chat/],
    [
      'a foreign origin',
      { headers: { origin: 'https://evil.example' } },
      /^401: the origin "https:\/\/evil.example"/,
    ],
    ['a query', { path: '/v1/stream?token=x' }, /^400: \/v1\/stream takes no query/],
    ['a wrong key', { headers: { authorization: 'Bearer bk_x' } }, /^401: /],
  ])('%s is refused in words', async (_name, given, words) => {
    await expect(TestSocket.open(url, given)).rejects.toThrow(words);
  });

  it('a key without jobs:read is refused, and a key with too many sockets', async () => {
    const weak = await keyFor(test, tenant.tenantId, ['jobs:write']);
    await expect(TestSocket.open(url, { headers: { authorization: `Bearer ${weak}` } })).rejects.toThrow(
      /^403: /,
    );
    await Promise.all(Array.from({ length: limits.socketsPerKey }, () => TestSocket.open(url, byKey())));
    await expect(TestSocket.open(url, byKey())).rejects.toThrow(/^429: 100 WebSockets are open for this key/);
  });
});

describe('a subscription to a job', () => {
  it('is advised to come again where its job is due in hours, and where that becomes so meanwhile', async () => {
    const [far, near] = await seedJobs(test.database, tenant, [{ delayMs: 3 * 3_600_000 }, {}]);
    const socket = await TestSocket.open(url, byKey());
    await socket.ask({ subscribe: `job:${far}` });
    const advice = expect.stringMatching(
      /^the job is due at 20.+Z and has nothing to tell before: close this/,
    );
    expect(await socket.next()).toEqual({ advice, subscribe: `job:${far}` });
    await socket.ask({ subscribe: `job:${near}` });
    const job = await worker.claim(tenant);
    expect(await socket.next()).toMatchObject({ job: near, type: 'attempt.started' });
    await worker.say(job, 'snoozed', { retryAtMs: Date.now() + 2 * 3_600_000 });
    const told = [await socket.next(), await socket.next(), await socket.next()];
    expect(told).toMatchObject([
      { job: near, type: 'attempt.released' },
      { job: near, type: 'job.scheduled' },
      { advice, subscribe: `job:${near}` },
    ]);
  });

  it('tells what was missed, then each event as it happens, and takes an acknowledgement', async () => {
    const id = await seedOne();
    const acked: unknown[] = [];
    app.get(Acknowledgements).onAcknowledged(async (each) => void acked.push(each));
    const socket = await TestSocket.open(url, byKey());
    const first = await socket.ask({ subscribe: `job:${id}` });
    expect(first).toMatchObject({
      subscribed: `job:${id}`,
      recovered: true,
      cursor: '0:2',
      terminal: false,
    });
    expect(types(first['events'])).toEqual(['job.accepted', 'job.queued']);
    const job = await worker.claim(tenant);
    expect(await socket.next()).toMatchObject({ job: id, cursor: '0:3', type: 'attempt.started' });
    await worker.progress(id, 0.5);
    expect(await socket.next()).toMatchObject({
      cursor: '0:4',
      type: 'job.progress',
      data: { progress: 0.5 },
    });
    await worker.say(job, 'succeeded', { result: { kind: 'json', json: '{"n":1}' } });
    expect(await socket.next()).toMatchObject({
      cursor: '0:5',
      type: 'job.succeeded',
      data: { result: { n: 1 } },
    });
    expect(await socket.ask({ ack: '0:5' })).toEqual({ acked: '0:5', job: id });
    expect(acked).toEqual([
      { tenantId: tenant.tenantId, jobId: id, cursor: { generation: 0, seq: 5 }, channel: 'websocket' },
    ]);
  });

  it('goes on from a cursor without a repeat, and says so when it cannot', async () => {
    const id = await seedOne();
    await worker.claim(tenant);
    const socket = await TestSocket.open(url, byKey());
    const resumed = await socket.ask({ subscribe: `job:${id}`, cursor: '0:2' });
    expect(resumed).toMatchObject({ recovered: true, cursor: '0:3' });
    expect(types(resumed['events'])).toEqual(['attempt.started']);
    await socket.ask({ unsubscribe: `job:${id}` });
    const lost = await socket.ask({ subscribe: `job:${id}`, cursor: '4:2' });
    expect(lost).toMatchObject({ recovered: false, cursor: '0:3' });
    expect(types(lost['events'])).toEqual(['resync']);
  });

  it('of an unknown or foreign job is an error, and the socket stays', async () => {
    const [foreign] = await seedJobs(test.database, await seedTenant(test.database), [{}]);
    const socket = await TestSocket.open(url, byKey());
    for (const id of [randomUUID(), foreign])
      expect(await socket.ask({ subscribe: `job:${id}` })).toMatchObject({ error: { code: 'not_found' } });
    expect(await socket.ask({ subscribe: `job:${await seedOne()}` })).toMatchObject({ recovered: true });
  });
});

it('tells the ends of a queue to who watches it, of his own tenant', async () => {
  const socket = await TestSocket.open(url, byKey());
  expect(await socket.ask({ subscribe: 'queue:none' })).toMatchObject({ error: { code: 'unknown_queue' } });
  expect(await socket.ask({ subscribe: `queue:${tenant.queue}` })).toEqual({
    subscribed: `queue:${tenant.queue}`,
  });
  const other = { ...(await seedTenant(test.database)), queue: tenant.queue };
  await seedJobs(test.database, other, [{}]);
  await worker.say(await worker.claim(other), 'succeeded', { result: { kind: 'json', json: '1' } });
  const id = await seedOne();
  await worker.say(await worker.claim(tenant), 'failed', {
    error: { code: 'handler_fatal', message: 'boom', retryable: false },
  });
  expect(await socket.next()).toMatchObject({
    queue: tenant.queue,
    job: id,
    type: 'job.dead',
    cursor: '0:4',
    data: { error: { message: 'boom' } },
  });
});

it('tells the end of a job once, though a word of its progress is heard after it', async () => {
  const socket = await TestSocket.open(url, byKey());
  await socket.ask({ subscribe: `queue:${tenant.queue}` });
  await seedJobs(test.database, tenant, [{}, {}]);
  const [first, second] = [await worker.claim(tenant), await worker.claim(tenant)];
  await worker.say(first, 'succeeded', { result: { kind: 'json', json: '1' } });
  expect(await socket.next()).toMatchObject({ job: first.jobId });
  await test.database.pool.query('SELECT pg_notify($1, $2)', [channels.outcomes, first.jobId]);
  await worker.say(second, 'succeeded', { result: { kind: 'json', json: '1' } });
  expect(await socket.next()).toMatchObject({ job: second.jobId });
});

it('says that it may have missed ends when the connection that hears of them was broken', async () => {
  const socket = await TestSocket.open(url, byKey());
  await socket.ask({ subscribe: `queue:${tenant.queue}` });
  await test.database.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE application_name = 'baton-gateway-listen' AND datname = current_database()`,
  );
  expect(await socket.next()).toEqual({ queue: tenant.queue, missed: 1 });
});

it('has nothing to do with a socket that is closing, though the queue that it watched goes on', async () => {
  const socket = await TestSocket.open(url, byKey());
  await socket.ask({ subscribe: `queue:${tenant.queue}` });
  const [client] = app.get(StreamServer).clients;
  const paced = client!.socket;
  const turn = paced.inTurn.bind(paced);
  let turns = 0;
  paced.inTurn = (work) => {
    if (++turns > 100) throw new Error('it asks for turns without an end');
    return turn(work);
  };
  socket.socket.pause(); // it does not answer the goodbye
  client!.close(closeCodes.restart);
  await seedOne();
  await worker.say(await worker.claim(tenant), 'succeeded', { result: { kind: 'json', json: '1' } });
  const ends = app.get<unknown>(QueueEnds) as { told: Set<string> };
  while (ends.told.size === 0) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(turns).toBeLessThanOrEqual(1);
});

it('leaves no timer behind when a socket is gone with what it watched', async () => {
  const socket = await TestSocket.open(url, byKey());
  await socket.ask({ subscribe: `job:${await seedOne()}` });
  const { clients } = app.get(StreamServer);
  const [client] = clients as unknown as Set<{ deadline: { _destroyed: boolean } }>;
  socket.close();
  while (clients.size > 0) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(client!.deadline._destroyed).toBe(true);
});

it('keeps no place for a key whose handshakes fail', async () => {
  const { port } = new URL(url);
  for (let i = 0; i < limits.socketsPerKey; i++) {
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    socket.write(
      `GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 1\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: baton.v1\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    );
    socket.resume();
    await once(socket, 'close');
  }
  (await TestSocket.open(url, byKey())).close();
});

it('closes the sockets of a key that was disabled, and no others', async () => {
  const other = await keyFor(test, tenant.tenantId);
  const [byHeader, byMessage, kept] = [
    await TestSocket.open(url, byKey()),
    await TestSocket.open(url),
    await TestSocket.open(url, { headers: { authorization: `Bearer ${other}` } }),
  ];
  await byMessage.ask({ token: key });
  for (const socket of [byHeader, byMessage, kept]) await socket.ask({ subscribe: `queue:${tenant.queue}` });
  await test.database.pool.query('UPDATE baton.api_key SET disabled_at = now() WHERE hash = $1', [
    hashApiKey(key),
  ]);
  (app.get<unknown>(Authenticator) as { cache: { entries: Map<string, unknown> } }).cache.entries.clear();
  await app.get(StreamServer).recheck();
  for (const socket of [byHeader, byMessage])
    expect(await socket.closed).toEqual({ code: 3500, reason: 'this API key is disabled' });
  expect(await kept.ask({ unsubscribe: 'queue:x' })).toEqual({ unsubscribed: 'queue:x' });
});

describe('tokens', () => {
  it('come as the first message; another one keeps the socket open', async () => {
    const id = await seedOne();
    const socket = await TestSocket.open(url);
    expect(await socket.ask({ token: tokenFor(id, tenant) })).toMatchObject({ authenticated: true });
    expect(await socket.ask({ subscribe: `job:${id}` })).toMatchObject({ recovered: true });
    expect(await socket.ask({ subscribe: `job:${await seedOne()}` })).toMatchObject({
      error: { code: 'not_found' },
    });
    expect(await socket.ask({ subscribe: `queue:${tenant.queue}` })).toMatchObject({
      error: { code: 'scope_missing' },
    });
    expect(await socket.ask({ token: tokenFor(id, tenant) })).toMatchObject({ authenticated: true });
  });

  it('come in the cookie of a stream session, from an allowed origin', async () => {
    const id = await seedOne();
    const headers = { cookie: `baton_stream=${tokenFor(id, tenant)}`, origin };
    const socket = await TestSocket.open(url, { headers });
    expect(await socket.ask({ subscribe: `job:${id}` })).toMatchObject({ recovered: true });
  });

  it('that are wrong, late or over close the socket with their codes', async () => {
    const id = await seedOne();
    const wrong = await TestSocket.open(url);
    wrong.send({ token: 'eyJ.x.y' });
    expect((await wrong.closed).code).toBe(3500);
    const early = await TestSocket.open(url);
    early.send({ subscribe: `job:${id}` });
    expect((await early.closed).code).toBe(3500);
    options.greetingMs = 20;
    expect((await (await TestSocket.open(url)).closed).code).toBe(3500);
    const over = await TestSocket.open(url, {
      headers: { authorization: `Bearer ${tokenFor(id, tenant, Date.now() - 15 * 60_000 + 1_500)}` },
    });
    expect((await over.closed).code).toBe(3005);
  });
});

describe('hard cases of the protocol', () => {
  it('takes a fragmented message, and no compression', async () => {
    const { socket } = await TestSocket.open(url, byKey());
    expect(socket.extensions).toBe('');
    const id = await seedOne();
    const text = JSON.stringify({ subscribe: `job:${id}` });
    socket.send(text.slice(0, 10), { fin: false });
    socket.send(text.slice(10), { fin: true });
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(answer.toString())).toMatchObject({ recovered: true });
  });

  it.each([
    ['is too large', (socket: TestSocket['socket']) => socket.send('x'.repeat(65 * 1024)), 1009],
    ['is binary', (socket: TestSocket['socket']) => socket.send(Buffer.from('{}')), 1003],
    ['is no JSON', (socket: TestSocket['socket']) => socket.send('hello'), 3501],
    [
      'has an unknown field',
      (socket: TestSocket['socket']) => socket.send('{"subscribe":"job:x","evil":1}'),
      3501,
    ],
    [
      'is a flood',
      (socket: TestSocket['socket']) => {
        for (let i = 0; i < 100; i++)
          socket.send('{"ack":"0:1","job":"00000000-0000-7000-8000-000000000000"}');
      },
      3501,
    ],
  ])('closes a socket whose message %s', async (_name, send, code) => {
    const client = await TestSocket.open(url, byKey());
    send(client.socket);
    expect((await client.closed).code).toBe(code);
  });

  it.each([
    ['invalid UTF-8', frame(0x81, Buffer.from([0xc3, 0x28])), 1007],
    ['a compressed frame that nobody agreed to (a bomb)', frame(0xc1, Buffer.alloc(64)), 1002],
    ['a fragmented ping', frame(0x09, Buffer.from('x')), 1002],
    [
      'fragments that are too large together',
      Buffer.concat([frame(0x01, Buffer.alloc(40_000, 120)), frame(0x80, Buffer.alloc(40_000, 120))]),
      1009,
    ],
  ])('closes a socket for %s', async (_name, bytes, code) => {
    const socket = await rawSocket();
    socket.write(bytes);
    const closing = await closeFrame(socket);
    expect(closing).toBe(code);
  });

  it('cuts a client that sends no pong', async () => {
    options.pace = { ...options.pace, pingMs: 20, pongMs: 40 };
    const deaf = await TestSocket.open(url, { ...byKey(), autoPong: false });
    expect((await deaf.closed).code).toBe(3012);
    const alive = await TestSocket.open(url, byKey());
    for (let pings = 0; pings < 5; pings++) await once(alive.socket, 'ping');
    expect(alive.socket.readyState).toBe(alive.socket.OPEN);
  });

  it('cuts a client that does not read', async () => {
    options.pace = { ...options.pace, slowMs: 50 };
    const id = await seedOne();
    await test.database.pool.query(
      `WITH raised AS (UPDATE baton.job SET seq = seq + 5000 WHERE id = $1 RETURNING *)
       INSERT INTO baton.job_event (job_id, tenant_id, generation, seq, type, data)
       SELECT id, tenant_id, 0, n, 'job.progress', json_build_object('text', repeat('x', 4000))
       FROM raised, generate_series(3, 5002) n`,
      [id],
    );
    const socket = await rawSocket();
    const [client] = app.get(StreamServer).clients;
    const raw = (client as unknown as { raw: { bufferedAmount: number } & NodeJS.EventEmitter }).raw;
    socket.write(frame(0x81, Buffer.from(JSON.stringify({ subscribe: `job:${id}` }))));
    socket.pause();
    await once(raw, 'close');
    expect(raw.bufferedAmount).toBeLessThan(2_000_000);
    socket.destroy();
  });
});

it('closes a socket that watches nothing', async () => {
  options.idleMs = 20;
  const socket = await TestSocket.open(url, byKey());
  expect(await socket.closed).toMatchObject({
    code: 3510,
    reason: expect.stringContaining('nothing was subscribed') as string,
  });
});

it('tells all to come again when it drains, and takes no more', async () => {
  const socket = await TestSocket.open(url, byKey());
  await socket.ask({ subscribe: `job:${await seedOne()}` });
  await app.get(StreamServer).drain();
  expect((await socket.closed).code).toBe(1012);
  await expect(TestSocket.open(url, byKey())).rejects.toThrow(/^503: this gateway stops/);
});

/** A masked frame of a client, whose first byte is given. */
function frame(first: number, payload: Buffer): Buffer {
  const mask = Buffer.from([1, 2, 3, 4]);
  const masked = Buffer.from(payload.map((byte, i) => byte ^ mask[i % 4]!));
  const head =
    payload.length < 126
      ? Buffer.from([first, 0x80 | payload.length])
      : Buffer.from([first, 0x80 | 126, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, mask, masked]);
}

async function rawSocket(): Promise<Socket> {
  const socket = connect({ port: Number(new URL(url).port), host: '127.0.0.1' });
  socket.write(
    `GET /v1/stream HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: baton.v1\r\nAuthorization: Bearer ${key}\r\n\r\n`,
  );
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString()).toMatch(/^HTTP\/1.1 101 /);
  return socket;
}

/** The code of the closing frame that the server sends. */
async function closeFrame(socket: Socket): Promise<number> {
  let bytes = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) bytes = Buffer.concat([bytes, chunk]);
  const at = bytes.indexOf(0x88);
  return bytes.readUInt16BE(at + 2);
}
