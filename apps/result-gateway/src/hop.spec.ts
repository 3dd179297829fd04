import { releaseDue } from '@baton/persistence';
import {
  createTestDatabase,
  seedJobs,
  type SeededTenant,
  seedTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import fc from 'fast-check';
import { GatewayProcesses } from './testing/gateway-processes.js';
import { readSse } from './testing/read-sse.js';
import { keyFor, masterKey, TestWorker } from './testing/test-gateway.js';
import { TestSocket } from './testing/test-socket.js';

let test: TestDatabase;
let worker: TestWorker;
let gateways: GatewayProcesses;

beforeAll(async () => {
  test = await createTestDatabase();
  worker = new TestWorker(test);
  gateways = await GatewayProcesses.start(2, {
    DATABASE_URL: test.url,
    BATON_MASTER_KEY: masterKey.toString('base64'),
  });
}, 120_000);
afterAll(async () => {
  await gateways?.stop();
  await worker.close();
  await test.close();
});

interface Told {
  cursor: string;
  type: string;
}

const channels = ['sse', 'websocket', 'poll', 'long-poll'] as const;

/** What happens to the job, and to its client, in turn. A gateway is killed while it serves that client, or is idle. */
const steps = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('claim', 'progress', 'progress', 'release', 'retry', 'due') },
    {
      weight: 5,
      arbitrary: fc.record({
        channel: fc.constantFrom(...channels),
        gateway: fc.nat(1),
        most: fc.integer({ min: 1, max: 4 }),
        killAfter: fc.option(fc.nat(3), { freq: 5, nil: undefined }),
      }),
    },
  ),
  { minLength: 15, maxLength: 30 },
);
type Step = string | Hop;

interface Hop {
  channel: (typeof channels)[number];
  gateway: number;
  /** Events that the client takes at most before it hops on. */
  most: number;
  /** The gateway is killed when the client has this many of them. */
  killAfter: number | undefined;
}

/** A job, and one client of it that takes its events by another channel, from another replica, each time. */
class Journey {
  readonly told: Told[] = [];
  private running: Awaited<ReturnType<TestWorker['claim']>> | undefined;

  private constructor(
    private readonly tenant: SeededTenant,
    private readonly id: string,
    private readonly key: string,
  ) {}

  static async begin(): Promise<Journey> {
    const tenant = await seedTenant(test.database);
    const [id] = await seedJobs(test.database, tenant, [{ maxAttempts: 100 }]);
    return new Journey(tenant, id!, await keyFor(test, tenant.tenantId));
  }

  async work(what: string): Promise<void> {
    if (what === 'claim') this.running ??= await worker.claim(this.tenant);
    if (what === 'progress' && this.running) await worker.progress(this.id, 0.5);
    if (what === 'release' && this.running) await this.end('released');
    if (what === 'retry' && this.running)
      await this.end('failed', { error: { code: 'handler_error', message: 'boom', retryable: true } });
    if (what === 'due') {
      await test.shiftClock(3_600_000);
      await releaseDue(test.database.pool, 10);
    }
  }

  /** The job's end, by a success. */
  async finish(): Promise<void> {
    await this.work('due');
    for (this.running ??= await worker.claim(this.tenant); this.running;)
      await this.end('succeeded', { result: { kind: 'json', json: '1' } });
  }

  async hop({ channel, gateway, most, killAfter }: Hop): Promise<void> {
    const wanted = Math.min(most, (await this.last()) - this.told.length);
    if (wanted === 0) return;
    const url = await gateways.url(gateway);
    const events =
      channel === 'sse'
        ? this.bySse(url)
        : channel === 'websocket'
          ? this.bySocket(url)
          : this.byPoll(url, channel);
    let taken = 0;
    const killWhenDue = async (): Promise<void> => {
      if (killAfter === taken) await gateways.kill(gateway);
    };
    try {
      await killWhenDue();
      for await (const event of events) {
        this.told.push(event);
        taken++;
        if (taken === wanted) break;
        await killWhenDue();
      }
    } catch (error) {
      // Its gateway was killed, now or while it was on its way there: it hops on with what it has.
      const { message, cause } = error as Error;
      if (!broken.test(`${message} ${String(cause)}`)) throw error;
    }
  }

  async last(): Promise<number> {
    const { rows } = await test.database.pool.query<{ seq: number }>(
      'SELECT seq FROM baton.job WHERE id = $1 UNION ALL SELECT seq FROM baton.job_history WHERE id = $1',
      [this.id],
    );
    return rows[0]!.seq;
  }

  private async end(...[kind, more]: [Parameters<TestWorker['say']>[1], Parameters<TestWorker['say']>[2]?]) {
    await worker.say(this.running!, kind, more);
    this.running = undefined;
  }

  private get cursor(): string {
    return this.told.at(-1)?.cursor ?? '0:0';
  }

  private async *byPoll(url: string, channel: string): AsyncGenerator<Told> {
    const answer = await fetch(`${url}/v1/results/${this.id}/events?cursor=${this.cursor}`, {
      headers: { authorization: `Bearer ${this.key}`, ...(channel === 'long-poll' && { prefer: 'wait=1' }) },
    });
    yield* ((await answer.json()) as { items: Told[] }).items;
  }

  private async *bySse(url: string): AsyncGenerator<Told> {
    const gone = new AbortController();
    const answer = await fetch(`${url}/v1/results/${this.id}/events`, {
      headers: {
        authorization: `Bearer ${this.key}`,
        accept: 'text/event-stream',
        'last-event-id': this.cursor,
      },
      signal: gone.signal,
    });
    try {
      for await (const { id, data } of readSse(answer)) if (id !== undefined) yield data as Told;
    } finally {
      gone.abort();
    }
  }

  private async *bySocket(url: string): AsyncGenerator<Told> {
    const socket = await TestSocket.open(url, { headers: { authorization: `Bearer ${this.key}` } });
    try {
      const first = await socket.ask({ subscribe: `job:${this.id}`, cursor: this.cursor });
      yield* first['events'] as Told[];
      for (;;) yield (await socket.next()) as unknown as Told;
    } finally {
      socket.close();
    }
  }
}

/** What a client sees of a gateway that was killed. */
const broken = /socket is closed|socket hang up|fetch failed|terminated|other side closed|ECONNRE/;

async function play(script: readonly Step[]): Promise<void> {
  await gateways.whole();
  const journey = await Journey.begin();
  for (const step of script)
    if (typeof step === 'string') await journey.work(step);
    else await journey.hop(step);
  await journey.finish();
  const last = await journey.last();
  for (let i = 0; journey.told.length < last; i++)
    await journey.hop({ channel: channels[i % 4]!, gateway: i % 2, most: 3, killAfter: undefined });
  expect(journey.told.map(({ cursor }) => cursor)).toEqual(
    Array.from({ length: last }, (_, i) => `0:${i + 1}`),
  );
  expect(journey.told.at(-1)!.type).toBe('job.succeeded');
}

/** In any case: the gateway is killed in the middle of what it streams. */
const examples = (['sse', 'websocket'] as const).map((channel): [Step[]] => [
  [
    'claim',
    'progress',
    'progress',
    { channel, gateway: 0, most: 4, killAfter: 2 },
    'retry',
    'due',
    { channel, gateway: 0, most: 4, killAfter: undefined },
  ],
]);

it('a client that hops between channels and gateways, which are killed as it listens, misses no event and gets none twice', async () => {
  await fc.assert(fc.asyncProperty(steps, play), {
    numRuns: 12,
    examples,
    endOnFailure: true,
    interruptAfterTimeLimit: 90_000,
  });
  expect(gateways.kills).toBeGreaterThanOrEqual(examples.length);
}, 240_000);
