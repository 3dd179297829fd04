import { releaseDue } from '@baton/persistence';
import {
  createTestDatabase,
  seedJobs,
  type SeededTenant,
  seedTenant,
  type TestDatabase,
} from '@baton/persistence/testing';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import { StreamServer } from './stream/stream-server.js';
import { readSse } from './testing/read-sse.js';
import { keyFor, startGateway, TestWorker } from './testing/test-gateway.js';
import { TestSocket } from './testing/test-socket.js';

let test: TestDatabase;
let worker: TestWorker;
let gateways: { app: NestFastifyApplication; url: string }[];

beforeAll(async () => {
  test = await createTestDatabase();
  worker = new TestWorker(test);
  gateways = await Promise.all([startGateway(test), startGateway(test)]);
});
afterAll(async () => {
  await Promise.all([0, 1].map(kill));
  await worker.close();
  await test.close();
});

/** Ends a gateway without a word to its clients. */
async function kill(which: number): Promise<void> {
  const { app } = gateways[which]!;
  for (const client of app.get(StreamServer).clients)
    (client as unknown as { raw: { terminate(): void } }).raw.terminate();
  app.getHttpServer().closeAllConnections();
  await app.close();
}

interface Told {
  cursor: string;
  type: string;
}

/** What happens to the job, and to its client, in turn. */
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constantFrom('claim', 'progress', 'progress', 'release', 'retry', 'due') }),
    fc.record({
      do: fc.constantFrom('poll', 'long-poll', 'sse', 'websocket'),
      gateway: fc.nat(1),
      most: fc.integer({ min: 1, max: 4 }),
    }),
    fc.record({ do: fc.constant('kill'), gateway: fc.nat(1) }),
  ),
  { minLength: 10, maxLength: 30 },
);

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

  async hop(channel: string, gateway: number, most: number): Promise<void> {
    const { url } = gateways[gateway]!;
    const wanted = Math.min(most, (await this.last()) - this.told.length);
    const events =
      channel === 'sse'
        ? await this.bySse(url, wanted)
        : channel === 'websocket'
          ? await this.bySocket(url, wanted)
          : await this.byPoll(url, channel === 'long-poll' ? 'wait=1' : '', wanted);
    this.told.push(...events.slice(0, most));
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

  private async byPoll(url: string, prefer: string, wanted: number): Promise<Told[]> {
    if (wanted === 0) return [];
    const answer = await fetch(`${url}/v1/results/${this.id}/events?cursor=${this.cursor}`, {
      headers: { authorization: `Bearer ${this.key}`, prefer },
    });
    return ((await answer.json()) as { items: Told[] }).items;
  }

  private async bySse(url: string, wanted: number): Promise<Told[]> {
    if (wanted === 0) return [];
    const gone = new AbortController();
    const answer = await fetch(`${url}/v1/results/${this.id}/events`, {
      headers: {
        authorization: `Bearer ${this.key}`,
        accept: 'text/event-stream',
        'last-event-id': this.cursor,
      },
      signal: gone.signal,
    });
    const events: Told[] = [];
    for await (const { id, data } of readSse(answer)) {
      if (id !== undefined) events.push(data as Told);
      if (events.length === wanted) break;
    }
    gone.abort();
    return events;
  }

  private async bySocket(url: string, wanted: number): Promise<Told[]> {
    if (wanted === 0) return [];
    const socket = await TestSocket.open(url, { headers: { authorization: `Bearer ${this.key}` } });
    const first = await socket.ask({ subscribe: `job:${this.id}`, cursor: this.cursor });
    const events = first['events'] as Told[];
    while (events.length < wanted) events.push((await socket.next()) as unknown as Told);
    socket.close();
    return events;
  }
}

it('a client that hops between channels and replicas, some of which die, misses no event and gets none twice', async () => {
  await fc.assert(
    fc.asyncProperty(steps, async (script) => {
      const journey = await Journey.begin();
      for (const step of script) {
        if ('most' in step) await journey.hop(step.do, step.gateway, step.most);
        else if ('gateway' in step) {
          await kill(step.gateway);
          gateways[step.gateway] = await startGateway(test);
        } else await journey.work(step.do);
      }
      await journey.finish();
      const last = await journey.last();
      const channels = ['sse', 'websocket', 'poll', 'long-poll'];
      for (let i = 0; journey.told.length < last; i++) await journey.hop(channels[i % 4]!, i % 2, 3);
      expect(journey.told.map(({ cursor }) => cursor)).toEqual(
        Array.from({ length: last }, (_, i) => `0:${i + 1}`),
      );
      expect(journey.told.at(-1)!.type).toBe('job.succeeded');
    }),
    { numRuns: 10, interruptAfterTimeLimit: 60_000 },
  );
}, 120_000);
