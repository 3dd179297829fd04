import { connect } from 'node:net';
import { once } from 'node:events';
import { limits } from '@baton/contracts';
import {
  createTestDatabase,
  seedJobs,
  type SeededTenant,
  seedTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import { EventTail } from '@baton/results';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { readSse, type SseEvent } from '../testing/read-sse.js';
import { keyFor, startGateway, TestWorker, tokenFor } from '../testing/test-gateway.js';
import { EventStreams } from './event-streams.js';

const origin = 'https://app.example';
let test: TestDatabase;
let worker: TestWorker;
let app: NestFastifyApplication;
let url: string;
let tenant: SeededTenant;
let key: string;

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
});
afterEach(() => app.close());

interface Page {
  items: { cursor: string; type: string; at: string; data: Record<string, unknown> }[];
  cursor: string;
  terminal: boolean;
}
const ask = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/v1/results/${path}`, { headers: { authorization: `Bearer ${key}`, ...headers } });
const pageOf = async (path: string, headers?: Record<string, string>): Promise<Page> =>
  (await ask(path, headers)).json() as Promise<Page>;
const stream = (id: string, headers: Record<string, string> = {}): Promise<Response> =>
  ask(`${id}/events`, { accept: 'text/event-stream', ...headers });
const seedOne = async (): Promise<string> => (await seedJobs(test.database, tenant, [{}]))[0]!;

async function collect(answer: Response): Promise<SseEvent[]> {
  const events: SseEvent[] = [];
  for await (const event of readSse(answer)) if (event.event) events.push(event);
  return events;
}

describe('events by poll', () => {
  it('tells a job from its beginning, goes on from a cursor, and says when it is all told', async () => {
    const id = await seedOne();
    const job = await worker.claim(tenant);
    const early = await pageOf(`${id}/events`);
    expect(early.items.map(({ type, cursor }) => `${cursor} ${type}`)).toEqual([
      '0:1 job.accepted',
      '0:2 job.queued',
      '0:3 attempt.started',
    ]);
    expect(early).toMatchObject({ cursor: '0:3', terminal: false });
    await worker.say(job, 'succeeded', { result: { kind: 'json', json: '{"n":1}' } });
    const late = await pageOf(`${id}/events?cursor=${early.cursor}`);
    expect(late).toMatchObject({
      items: [{ cursor: '0:4', type: 'job.succeeded', data: { state: 'succeeded', result: { n: 1 } } }],
      cursor: '0:4',
      terminal: true,
    });
    expect(await pageOf(`${id}/events?cursor=0:4`)).toEqual({ items: [], cursor: '0:4', terminal: true });
  });

  it('holds the request until something happens: progress by the sweep, the end by the feed', async () => {
    const id = await seedOne();
    const job = await worker.claim(tenant);
    const held = pageOf(`${id}/events?cursor=0:3`, { prefer: 'wait=20' });
    await worker.progress(id, 0.5);
    expect(await held).toMatchObject({
      items: [{ type: 'job.progress', data: { progress: 0.5 } }],
      cursor: '0:4',
    });
    const end = pageOf(`${id}/events?cursor=0:4`, { prefer: 'wait=20' });
    await worker.say(job, 'succeeded', { result: { kind: 'json', json: '1' } });
    expect((await end).items.map(({ type }) => type)).toEqual(['job.succeeded']);
  });

  it('advises who asks for events each second though nothing happens, and not who holds the request', async () => {
    const id = await seedOne();
    const asked = [];
    for (let i = 0; i < 12; i++) asked.push(await ask(`${id}/events?cursor=0:2`));
    expect(asked[0]!.headers.get('baton-advice')).toBeNull();
    expect(asked[11]!.headers.get('baton-advice')).toMatch(/asked for 11 times .* "Prefer: wait=30"/);
    const held = await ask(`${id}/events?cursor=0:1`, { prefer: 'wait=1' });
    expect(held.headers.get('baton-advice')).toBeNull();
  });

  it('answers an older generation, and what is no cursor, with words', async () => {
    const id = await seedOne();
    expect((await pageOf(`${id}/events?cursor=7:1`)).items).toMatchObject([
      { type: 'resync', cursor: '0:2', data: { state: 'queued' } },
    ]);
    const refused = await ask(`${id}/events?cursor=abc`);
    expect(refused.status).toBe(400);
    expect(await refused.json()).toMatchObject({
      code: 'invalid_request',
      detail: 'cursor is "abc"; allowed: generation:seq as an event gave it, such as "0:4"',
    });
  });

  it("knows no job of another tenant; takes its own job's token", async () => {
    const id = await seedOne();
    const stranger = await keyFor(test, (await seedTenant(test.database)).tenantId);
    expect((await ask(`${id}/events`, { authorization: `Bearer ${stranger}` })).status).toBe(404);
    const bearer = (jobId: string) => ({ authorization: `Bearer ${tokenFor(jobId, tenant)}` });
    expect((await ask(`${id}/events`, bearer(id))).status).toBe(200);
    expect((await ask(`${id.toUpperCase()}/events`, bearer(id))).status).toBe(200);
    expect((await ask(`${id}/events`, bearer(await seedOne()))).status).toBe(401);
  });

  it('lets held requests go when it drains', async () => {
    const id = await seedOne();
    const held = pageOf(`${id}/events?cursor=0:2`, { prefer: 'wait=50' });
    const watched = app.get<EventTail, { byJob: Map<string, unknown> }>(EventTail);
    while (watched.byJob.size === 0) await new Promise((resolve) => setImmediate(resolve));
    app.get(EventTail).drain();
    expect(await held).toEqual({ items: [], cursor: '0:2', terminal: false });
  });
});

describe('events by SSE', () => {
  it('streams every event with its cursor as id, and closes after the last', async () => {
    const id = await seedOne();
    const answer = await stream(id);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'x-accel-buffering': 'no',
    });
    const events = collect(answer);
    const job = await worker.claim(tenant);
    await worker.progress(id, 0.25);
    await worker.say(job, 'failed', { error: { code: 'handler_error', message: 'boom', retryable: false } });
    expect((await events).map(({ id, event }) => `${id} ${event}`)).toEqual([
      '0:1 job.accepted',
      '0:2 job.queued',
      '0:3 attempt.started',
      '0:4 job.progress',
      '0:5 job.dead',
    ]);
  });

  it('resumes by Last-Event-ID before ?cursor=, and answers 204 to a client that has the last event', async () => {
    const id = await seedOne();
    await worker.say(await worker.claim(tenant), 'succeeded', { result: { kind: 'json', json: '1' } });
    const resumed = await ask(`${id}/events?cursor=0:1`, {
      accept: 'text/event-stream',
      'last-event-id': '0:3',
    });
    expect((await collect(resumed)).map((event) => event.id)).toEqual(['0:4']);
    expect((await stream(id, { 'last-event-id': '0:4' })).status).toBe(204);
  });

  it('advises a client to come again whose job is due in hours', async () => {
    const [far, near] = await seedJobs(test.database, tenant, [
      { delayMs: 3 * 3_600_000 },
      { delayMs: 60_000 },
    ]);
    const answers = [await stream(far!), await stream(near!)];
    expect(answers.map(({ headers }) => headers.get('baton-advice'))).toEqual([
      expect.stringMatching(/^the job is due at 20.+Z and has nothing to tell before: close this/),
      null,
    ]);
    for (const { body } of answers) await body!.cancel();
  });

  it('tells a client to come again when it drains, and how soon', async () => {
    const id = await seedOne();
    const parts: SseEvent[] = [];
    for await (const part of readSse(await stream(id))) {
      parts.push(part);
      if (part.event === 'job.queued') app.get(EventTail).drain();
    }
    expect(parts[0]!.retry).toBeGreaterThanOrEqual(500);
    expect(parts.at(-1)).toEqual({ event: 'reconnect', data: { cursor: '0:2' } });
  });

  it('beats while nothing happens, and ends when the token does', async () => {
    const id = await seedOne();
    const streams = app.get<EventStreams, { heartbeatMs: number }>(EventStreams);
    streams.heartbeatMs = 5;
    const token = tokenFor(id, tenant, Date.now() - 15 * 60_000 + 2_000);
    let beats = 0;
    let last: SseEvent = {};
    for await (const part of readSse(await stream(id, { authorization: `Bearer ${token}` }))) {
      if (Object.keys(part).length === 0) beats++;
      else last = part;
    }
    expect(beats).toBeGreaterThan(2);
    expect(last.event).toBe('reconnect');
  });

  it('takes the token from the cookie of a stream session, from an allowed origin alone', async () => {
    const id = await seedOne();
    const session = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${url}/v1/stream-session`, { method: 'POST', headers });
    const token = tokenFor(id, tenant);
    const opened = await session({ authorization: `Bearer ${token}`, origin });
    expect(opened.status).toBe(204);
    const [cookie = '', ofSocket] = opened.headers.getSetCookie();
    expect(cookie).toMatch(/^baton_stream=eyJ.*; Max-Age=\d+; HttpOnly; SameSite=None; Secure$/);
    // Of this job alone: a page may watch several.
    expect(cookie).toContain(`; Path=/v1/results/${id}; `);
    expect(ofSocket).toContain('; Path=/v1/stream; ');
    const page = await fetch(`${url}/v1/results/${id}/events`, {
      headers: { cookie: cookie.split(';')[0]!, origin },
    });
    expect(page.status).toBe(200);
    expect(page.headers.get('access-control-allow-origin')).toBe(origin);
    expect(page.headers.get('access-control-expose-headers')).toMatch(/Baton-Advice.*Retry-After/);
    expect((await session({ authorization: `Bearer ${token}`, origin: 'https://evil.example' })).status).toBe(
      401,
    );
    expect((await session({ authorization: `Bearer ${key}` })).status).toBe(401);
    expect((await fetch(`${url}/v1/results/${id}/events?token=${token}`)).status).toBe(401);
  });

  it(`refuses more than ${limits.streamsPerKey} streams of a key`, async () => {
    const id = await seedOne();
    const gone = new AbortController();
    const open = (): Promise<Response> =>
      fetch(`${url}/v1/results/${id}/events`, {
        headers: { authorization: `Bearer ${key}`, accept: 'text/event-stream' },
        signal: gone.signal,
      });
    const opened = await Promise.all(Array.from({ length: limits.streamsPerKey }, open));
    expect(opened.every(({ status }) => status === 200)).toBe(true);
    const refused = await open();
    expect(refused.status).toBe(429);
    expect(await refused.json()).toMatchObject({ code: 'too_many_waiting' });
    gone.abort();
  });

  it('cuts a client that does not read, with no more in memory than it has not read', async () => {
    const id = await seedOne();
    app.get<EventStreams, { slowMs: number }>(EventStreams).slowMs = 50;
    await test.database.pool.query(
      `WITH raised AS (UPDATE baton.job SET seq = seq + 5000 WHERE id = $1 RETURNING *)
       INSERT INTO baton.job_event (job_id, tenant_id, generation, seq, type, data)
       SELECT id, tenant_id, 0, n, 'job.progress', json_build_object('text', repeat('x', 4000))
       FROM raised, generate_series(3, 5002) n`,
      [id],
    );
    const { port } = new URL(url);
    const socket = connect({ port: Number(port), host: '127.0.0.1' });
    socket.write(
      `GET /v1/results/${id}/events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nAuthorization: Bearer ${key}\r\n\r\n`,
    );
    socket.pause();
    interface Inside {
      options: { holds: { held: Map<string, number> }; log: (message: string) => void };
    }
    const streams = app.get<EventStreams, Inside>(EventStreams);
    const cut = new Promise<string>((resolve) => (streams.options.log = resolve));
    expect(await cut).toBe('a stream was cut');
    while (streams.options.holds.held.size > 0) await new Promise((resolve) => setImmediate(resolve));
    socket.resume();
    await once(socket, 'close');
  });
});
