import { rm } from 'node:fs/promises';
import { ProcessFailedError, ServiceUnavailableError } from '../local-stack.error.js';
import type { ServerProcess } from '../process/server-process.js';
import type { WatchdogLink } from '../process/watchdog-link.js';
import type { ServerFactory } from './server-factory.js';
import type { ServiceName } from './service-name.js';
import type { S3Address, StackAddresses } from './stack-addresses.js';
import type { StackLock } from './stack-lock.js';
import type { StackOptions, UnavailableService } from './stack-options.js';

/**
 * The running servers of one folder. Each is its own process, started once, reachable here for faults
 * (`stack.server('kafka').kill()`), and none outlives the process that started the stack.
 *
 * open ─stop()▶ stopped: every server has ended, the watchdog too, the lock is released, throw-away data is gone.
 */
export class Stack {
  /** What was asked for and cannot run here. */
  readonly unavailable: UnavailableService[] = [];
  private readonly starts = new Map<ServiceName, Promise<void>>();
  private ending: Promise<void> | undefined;

  constructor(
    private readonly options: StackOptions,
    private readonly factory: ServerFactory,
    private readonly watchdog: WatchdogLink,
    private readonly lock: StackLock,
  ) {}

  /** Starts, in parallel, what does not run yet. Throws if one fails; what is merely not available is noted in `unavailable`. */
  async ensure(services: readonly ServiceName[]): Promise<void> {
    if (this.ending)
      throw new ProcessFailedError(`The stack in ${this.options.dir} is stopped; start another`);
    const results = await Promise.allSettled(services.map((service) => this.startOnce(service)));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }

  get addresses(): StackAddresses {
    const { kafkaBrokers, redisUrl, s3 } = this;
    return {
      databaseUrl: this.databaseUrl,
      ...(kafkaBrokers && { kafkaBrokers }),
      ...(redisUrl && { redisUrl }),
      ...(s3 && { s3 }),
    };
  }

  /** Of the database `baton`, as a superuser. Throws if PostgreSQL is not part of this stack. */
  get databaseUrl(): string {
    const url = this.factory.addresses.databaseUrl;
    if (!url) throw new ProcessFailedError('PostgreSQL has not been started in this stack');
    return url;
  }

  get kafkaBrokers(): string | undefined {
    return this.factory.addresses.kafkaBrokers;
  }

  get redisUrl(): string | undefined {
    return this.factory.addresses.redisUrl;
  }

  get s3(): S3Address | undefined {
    return this.factory.addresses.s3;
  }

  /** The servers' process ids, of those that run as children of this stack. */
  get pids(): Partial<Record<ServiceName, number>> {
    return Object.fromEntries(
      [...this.factory.servers].flatMap(([service, { pid }]) => (pid === undefined ? [] : [[service, pid]])),
    );
  }

  /** The handle by which a server is stopped, killed, paused and restarted. Throws if it is not a child of this stack. */
  server(service: ServiceName): ServerProcess {
    const server = this.factory.servers.get(service);
    if (!server)
      throw new ProcessFailedError(
        `${service} is not run by this stack (it runs: ${[...this.factory.servers.keys()].join(', ') || 'nothing'})`,
      );
    return server;
  }

  /** Has a process that the caller started end with the stack's own process. */
  guard(pid: number, stopSignal: NodeJS.Signals): void {
    this.watchdog.guard(pid, stopSignal);
  }

  /** The guarded process has ended. */
  unguard(pid: number): void {
    this.watchdog.release(pid);
  }

  /** Ends all servers; safe to call more than once. */
  stop(): Promise<void> {
    this.ending ??= this.end();
    return this.ending;
  }

  private async end(): Promise<void> {
    await Promise.allSettled(this.starts.values()); // a server in the middle of its start has no end in good order yet
    await this.factory.stopAll();
    await this.watchdog.end();
    this.lock.release();
    if (!this.options.persistent) await rm(this.options.dir, { recursive: true, force: true });
  }

  private startOnce(service: ServiceName): Promise<void> {
    const known = this.starts.get(service);
    if (known) return known;
    const start = this.startServer(service);
    this.starts.set(service, start);
    start.catch(() => this.starts.delete(service)); // the next asker tries again
    return start;
  }

  private async startServer(service: ServiceName): Promise<void> {
    const report = this.options.onProgress ?? (() => {});
    const server = await this.factory.make(service);
    if (!server) return report(`${service}: as given by the environment`);
    const begun = performance.now();
    try {
      await server.start();
      report(
        `${service}: ready on port ${server.port} after ${((performance.now() - begun) / 1000).toFixed(1)} s`,
      );
    } catch (error) {
      this.factory.discard(service);
      if (!(error instanceof ServiceUnavailableError) || service === 'postgres') throw error;
      this.unavailable.push({ service, why: error.why, whatToDo: error.whatToDo });
      report(`${service}: left out. ${error.why} ${error.whatToDo}`);
    }
  }
}
