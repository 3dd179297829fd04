import { BatonClient, type EnqueueOptions, type JobHandle } from '@baton/client';
import { channels, type DispatchMode } from '@baton/contracts';
import { Notifier } from '@baton/persistence';
import { newApiKey } from '@baton/service';
import { seedTenant } from '../harness/seed-tenant.js';
import { until } from '../harness/until.js';
import { addScript, type Script, Stage } from './script.js';
import type { Servers } from './servers.js';

/** A job as the API reads it. */
export type ReadJob = Record<string, unknown> & {
  id: string;
  state: string;
  attempt: number;
  attempts: Record<string, unknown>[];
};

export interface Answer {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & { items?: Record<string, unknown>[] };
}

/** For a job to get somewhere by itself; generous, since the machine may be busy. */
const patienceMs = 30_000;

/** What a case sees of the system: one mode, with its queues, as one tenant. */
export class System {
  readonly queue: string;
  readonly sideQueue: string;
  readonly client: BatonClient;
  private shiftedMs = 0;

  private constructor(
    readonly mode: DispatchMode,
    readonly servers: Servers,
    readonly tenantId: string,
    readonly apiKey: string,
    private readonly notifier: Notifier,
  ) {
    this.queue = `work-${mode}`;
    this.sideQueue = `side-${mode}`;
    this.client = new BatonClient({ url: servers.producer.url, gatewayUrl: servers.gateway.url, apiKey });
  }

  static async open(mode: DispatchMode, servers: Servers): Promise<System> {
    const { key, hash, prefix } = newApiKey();
    const tenantId = await seedTenant(servers.database, { hash, prefix });
    const notifier = new Notifier(servers.stack.databaseUrl, {
      applicationName: 'conformance',
      log: (message, error) => console.warn(message, error),
    });
    const system = new System(mode, servers, tenantId, key, notifier);
    await system.reset();
    return system;
  }

  /** The queues as they were made, and the clock as it was. */
  async reset(): Promise<void> {
    if (this.shiftedMs !== 0) await this.shiftClock(-this.shiftedMs);
    for (const queue of [this.queue, this.sideQueue]) {
      await this.setQueue({ paused: false }, queue);
      await this.call('POST', `/v1/queues/${queue}/resume`);
    }
  }

  async close(): Promise<void> {
    await this.notifier.close();
  }

  /** Sets a queue whole: what is left out is the default, but for the mode. */
  async setQueue(settings: Record<string, unknown>, queue = this.queue): Promise<void> {
    const answer = await this.call('PUT', `/v1/queues/${queue}`, { dispatchMode: this.mode, ...settings });
    if (answer.status >= 300) throw new Error(`PUT queue ${queue}: ${JSON.stringify(answer.body)}`);
  }

  script(script: Script): string {
    return addScript(script);
  }

  stage(): Stage {
    return new Stage();
  }

  /** Posts a job of this mode's queue whose payload is `{script, …more}`. */
  post(
    payload: Record<string, unknown>,
    options: EnqueueOptions & { queue?: string } = {},
  ): Promise<JobHandle> {
    const { queue = this.queue, ...more } = options;
    return this.client.enqueue(queue, payload, more);
  }

  /** Asks the producer. */
  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return this.ask(this.servers.producer.url, method, path, { body, headers });
  }

  /** Asks the gateway. */
  callGateway(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    return this.ask(this.servers.gateway.url, method, path, { body, headers });
  }

  async job(id: string): Promise<ReadJob> {
    return (await this.client.job(id)) as unknown as ReadJob;
  }

  /** Waits until the job, as the API reads it, is as `test` wants it. */
  async until(id: string, test: (job: ReadJob) => boolean, what = 'the job to get there'): Promise<ReadJob> {
    let last: ReadJob | undefined;
    return until(
      async () => {
        last = await this.job(id);
        return test(last) ? last : undefined;
      },
      { ms: patienceMs, what: () => `${what}; it is ${JSON.stringify(last)}` },
    );
  }

  untilState(id: string, ...states: string[]): Promise<ReadJob> {
    return this.until(id, (job) => states.includes(job.state), `state ${states.join(' or ')}`);
  }

  /** Moves the database's clock, and tells all that sleep by it. */
  async shiftClock(ms: number): Promise<void> {
    this.shiftedMs += ms;
    await this.servers.database.pool.query({
      text: `UPDATE baton.clock SET shift = shift + $1 * interval '1 ms'`,
      values: [ms],
    });
    // Whoever sleeps until a due time has the old clock in mind.
    this.notifier.wake(channels.timers, '0');
    this.notifier.wake(channels.gates, '0');
    this.notifier.wake(channels.schedules, '0');
    await this.notifier.flush();
  }

  private async ask(
    url: string,
    method: string,
    path: string,
    { body, headers }: { body: unknown; headers: Record<string, string> },
  ): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.apiKey}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
    };
  }
}
