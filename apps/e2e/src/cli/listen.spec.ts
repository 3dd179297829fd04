import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { BatonClient } from '@baton/client';
import { Webhook } from 'standardwebhooks';
import { Fleet } from '../harness/fleet.js';
import { until } from '../harness/until.js';

const baton = fileURLToPath(new URL('../../../cli/bin/baton.mjs', import.meta.url));

interface Line {
  listening?: boolean;
  secret?: string;
  type?: string;
  webhookId?: string;
  status?: number;
  state?: string;
}

/** `baton webhooks listen` as a process, as a developer runs it. */
class Listening {
  readonly lines: Line[] = [];
  stderr = '';
  readonly ended: Promise<number | null>;
  private readonly child: ChildProcess;

  constructor(words: string[], env: Record<string, string>) {
    this.child = spawn(process.execPath, [baton, 'webhooks', 'listen', '--json', ...words], {
      env: { PATH: process.env['PATH'], ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C goes to a whole group.
      detached: true,
    });
    createInterface({ input: this.child.stdout! }).on('line', (line) =>
      this.lines.push(JSON.parse(line) as Line),
    );
    this.child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = once(this.child, 'close').then(([code]) => code as number | null);
  }

  signal(name: NodeJS.Signals): void {
    if (this.child.exitCode === null) process.kill(-this.child.pid!, name);
  }

  line(found: (line: Line) => boolean): Promise<Line> {
    return until(() => this.lines.find(found), {
      ms: 60_000,
      what: () => `a line of listen; it said ${this.stderr}`,
    });
  }
}

/** The developer's own receiver. */
class LocalReceiver {
  readonly received: { headers: IncomingHttpHeaders; body: string }[] = [];
  status = 204;
  private readonly server = createServer((request, response) => {
    void buffer(request).then((body) => {
      this.received.push({ headers: request.headers, body: body.toString() });
      response.writeHead(this.status, { 'x-mine': 'yes' }).end();
    });
  });

  async start(): Promise<this> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  async until(count: number): Promise<this['received']> {
    await until(() => this.received.length >= count, { ms: 30_000, what: `${count} deliveries` });
    return this.received;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

let fleet: Fleet;
let client: BatonClient;
let apiKey: string;
let receiver: LocalReceiver;
let env: Record<string, string>;
let running: Listening | undefined;

beforeAll(async () => {
  // Nothing is allowed to be called: loopback is as far away as a laptop behind NAT.
  fleet = await Fleet.start({
    kafka: false,
    redis: false,
    services: ['producer', 'result-gateway', 'relay', 'polling-worker'],
  });
});
afterAll(() => fleet?.stop());
beforeEach(async () => {
  ({ client, apiKey } = await fleet.tenant());
  receiver = await new LocalReceiver().start();
  env = { BATON_GATEWAY_URL: fleet.the('result-gateway').url, BATON_API_KEY: apiKey };
});
afterEach(async () => {
  running?.signal('SIGKILL');
  await running?.ended;
  await receiver.close();
});

const get = async <T>(path: string): Promise<T> => {
  const answer = await fetch(`${fleet.the('result-gateway').url}${path}`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  return (await answer.json()) as T;
};
const listenTo = (...words: string[]): Listening =>
  (running = new Listening(['--forward', receiver.url, ...words], env));
const verify = (secret: string, { headers, body }: { headers: IncomingHttpHeaders; body: string }) =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

it('forwards what the gateway cannot deliver, with signatures that hold, and the history shows the answer; Ctrl-C leaves nothing', async () => {
  const listening = listenTo();
  const { secret } = await listening.line((line) => line.listening === true);
  const job = await client.enqueue('echo', { hello: 'wörld' });
  const [delivery] = await receiver.until(1);
  expect(verify(secret!, delivery!)).toMatchObject({
    type: 'job.succeeded',
    data: { id: job.id, result: { hello: 'wörld' } },
  });
  await listening.line((line) => line.status === 204 && line.state === 'delivered');
  const { items } = await get<{ items: object[] }>(`/v1/results/${job.id}/deliveries`);
  expect(items).toMatchObject([
    {
      webhookId: delivery!.headers['webhook-id'],
      state: 'delivered',
      attempts: [{ status: 204, request: { url: receiver.url }, response: { headers: { 'x-mine': 'yes' } } }],
    },
  ]);
  listening.signal('SIGINT');
  expect(await listening.ended).toBe(0);
  expect(listening.stderr).toContain('is deleted');
  expect(await get('/v1/webhooks')).toEqual({ items: [] });
});

it('goes on after the gateway was killed and started again, and repeats under the same id', async () => {
  const listening = listenTo('--endpoint', 'mine', '--queues', 'echo', '--events', 'job.succeeded');
  const { secret } = await listening.line((line) => line.listening === true);
  receiver.status = 503;
  await client.enqueue('echo', 1);
  await receiver.until(1);
  await listening.line((line) => line.status === 503 && line.state === 'pending');

  const { port } = fleet.the('result-gateway');
  fleet.the('result-gateway').kill();
  await until(() => listening.stderr.includes('trying again'), { ms: 30_000, what: 'listen to notice' });
  receiver.status = 200;
  await fleet.start('result-gateway', {}, port);
  const [first, second] = await receiver.until(2);
  expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']);
  expect(second!.body).toBe(first!.body);
  verify(secret!, second!);
  await listening.line((line) => line.status === 200 && line.state === 'delivered');
  expect(listening.stderr).toContain('the gateway answers again');

  // What comes while nobody listens waits for the next who does.
  listening.signal('SIGINT');
  expect(await listening.ended).toBe(0);
  const job = await client.enqueue('echo', 2);
  await client.wait(job, { timeoutMs: 20_000 });
  listenTo('--endpoint', 'mine');
  const third = (await receiver.until(3))[2]!;
  expect(verify(secret!, third)).toMatchObject({ data: { id: job.id } });
});

it('takes no endpoint away that is called somewhere, and says what events there are', async () => {
  await fetch(`${fleet.the('result-gateway').url}/v1/webhooks/live`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ url: 'https://example.com/hooks' }),
  });
  const taken = listenTo('--endpoint', 'live');
  expect(await taken.ended).toBe(2);
  expect(taken.stderr).toContain('is called at https://example.com/hooks');
  const unknown = listenTo('--events', 'job.nothing');
  expect(await unknown.ended).toBe(2);
  expect(unknown.stderr).toContain('job.succeeded');
});
