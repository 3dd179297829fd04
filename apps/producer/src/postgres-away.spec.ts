import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { freePort } from '@baton/local-stack';
import { insertApiKey } from '@baton/persistence';
import { createTestDatabase, seedTenant, type TestDatabase } from '@baton/persistence/testing';
import { newApiKey } from '@baton/service';
import { uuidv7 } from 'uuidv7';

const hook = new URL('../../../tools/ts-hook.mjs', import.meta.url).href;
const main = fileURLToPath(new URL('main.ts', import.meta.url));

let test: TestDatabase;
let door: Door;
let producer: ChildProcess;
let origin: string;
let headers: Record<string, string>;
let queue: string;

beforeAll(async () => {
  test = await createTestDatabase();
  const tenant = await seedTenant(test.database);
  queue = tenant.queue;
  const { key, hash, prefix } = newApiKey();
  const scopes = ['jobs:write', 'jobs:read'] as const;
  await insertApiKey(test.database.pool, {
    id: uuidv7(),
    tenantId: tenant.tenantId,
    name: 'k',
    prefix,
    hash,
    scopes,
  });
  headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

  const url = new URL(test.url);
  door = new Door({ host: url.hostname, port: Number(url.port) });
  await door.open();
  await door.shut();
  url.hostname = '127.0.0.1';
  url.port = String(door.port);
  const port = await freePort();
  origin = `http://127.0.0.1:${port}`;
  producer = spawn(process.execPath, ['--conditions=@baton/source', '--import', hook, main], {
    env: {
      DATABASE_URL: url.toString(),
      BATON_MASTER_KEY: 'ab'.repeat(32),
      PORT: String(port),
      LOG_LEVEL: 'silent',
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
});
afterAll(async () => {
  producer.kill('SIGKILL'); // gone already, unless the test failed
  await door.shut();
  await test.close();
});

async function post(): Promise<[number, string | undefined]> {
  const answer = await fetch(`${origin}/v1/jobs`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ queue }),
  });
  return [answer.status, ((await answer.json()) as { code?: string }).code];
}

/** Waits until `/readyz` answers so; while the process starts, nobody answers. */
async function readiness(status: string): Promise<unknown> {
  for (;;) {
    const report = await fetch(`${origin}/readyz`).then(
      (answer) => answer.json() as Promise<{ status: string }>,
      () => undefined,
    );
    if (report?.status === status) return report;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

it('starts while PostgreSQL is away, says so, and serves when it is back', async () => {
  expect(await readiness('not_ready')).toMatchObject({ checks: { postgresql: { ok: false } } });
  expect(await post()).toEqual([503, 'unavailable']);

  await door.open();
  await readiness('ready');
  expect(await post()).toEqual([202, undefined]);

  await door.shut();
  expect(await post()).toEqual([503, 'unavailable']);
  expect((await fetch(`${origin}/v1/queues`, { headers })).status).toBe(503);
  await door.open();
  expect(await post()).toEqual([202, undefined]);

  const ended = once(producer, 'exit');
  producer.kill('SIGTERM');
  expect(await ended).toEqual([0, null]);
});

/** Lets PostgreSQL be reached by a port of its own, or not. */
class Door {
  private server: net.Server | undefined;
  private readonly sockets = new Set<net.Socket>();
  port = 0;

  constructor(private readonly target: { host: string; port: number }) {}

  async open(): Promise<void> {
    const server = net.createServer((client) => {
      const onward = net.connect(this.target);
      for (const socket of [client, onward]) {
        this.sockets.add(socket);
        socket.on('error', () => socket.destroy());
        socket.on('close', () => [client, onward].forEach((each) => each.destroy()));
      }
      client.pipe(onward).pipe(client);
    });
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
    this.port = (server.address() as net.AddressInfo).port;
    this.server = server;
  }

  async shut(): Promise<void> {
    const closed = new Promise((resolve) => this.server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
