import type { INestApplication } from '@nestjs/common';
import {
  Server,
  type CustomTransportStrategy,
  type MessageHandler,
  type NestMicroservice,
} from '@nestjs/microservices';
import type { ObjectStore } from '@baton/objects';
import type { HandlerDeclaration } from './handler-declaration.js';
import { HandlerSetupError } from './handler-setup.error.js';
import { declarationKey, jobTransport } from './job-handler.decorator.js';
import { RethrowFilter } from './rethrow.filter.js';
import { ThreadPool, type ThreadOptions } from '../thread/thread-pool.js';
import type { ServedHandler, ServedHandlers } from './served-handlers.js';

export interface JobServerOptions {
  /** Of handlers that ask for threads. `none`: they run here like the others. */
  threads?: ThreadOptions | 'none' | undefined;
  /** S3, where there is one: large results go there. */
  objects?: ObjectStore | undefined;
}

/**
 * What both strategies share: Nest adds the methods marked by `@JobHandler` (`addHandler`), then calls `listen` once
 * and `close` once.
 */
export abstract class JobServer extends Server implements CustomTransportStrategy {
  override readonly transportId = jobTransport;
  private readonly served = new Map<string, ServedHandler>();
  private readonly pools: ThreadPool[] = [];

  constructor(private readonly serverOptions: JobServerOptions = {}) {
    super();
  }

  /** @throws HandlerSetupError when a second handler names the same queue: Nest itself would let the last one win */
  override addHandler(
    pattern: unknown,
    callback: MessageHandler,
    isEventHandler = false,
    extras: Record<string, unknown> = {},
  ): void {
    super.addHandler(pattern, callback, isEventHandler, extras);
    const declaration = extras[declarationKey] as HandlerDeclaration | undefined;
    if (!declaration) return;
    const other = this.served.get(declaration.queue);
    if (other) {
      throw new HandlerSetupError(
        `queue "${declaration.queue}" has two handlers: ${other.name} and ${declaration.name}; allowed: one`,
      );
    }
    this.served.set(declaration.queue, { ...declaration, handle: callback });
  }

  override listen(callback: (error?: unknown) => void): void {
    if (this.served.size === 0) {
      callback(
        new HandlerSetupError(
          'there is no handler to serve; mark a method of a Nest controller with @JobHandler',
        ),
      );
      return;
    }
    this.open().then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  /** Takes no more jobs, brings those that run to an end or hands them back, and lets go of every connection. */
  override async close(): Promise<void> {
    await this.stop();
    await Promise.all(this.pools.map((pool) => pool.close()));
  }

  override on(): never {
    throw new TypeError('a job server has no events to listen to');
  }

  override unwrap<T>(): T {
    throw new TypeError('a job server wraps no other server');
  }

  protected abstract start(handlers: ServedHandlers): Promise<void>;

  protected abstract stop(): Promise<void>;

  private async open(): Promise<void> {
    try {
      await this.openThreads();
      await this.start(this.served);
    } catch (error) {
      await Promise.all(this.pools.map((pool) => pool.close()));
      throw error;
    }
  }

  private async openThreads(): Promise<void> {
    const { threads } = this.serverOptions;
    if (threads === 'none') return;
    for (const [queue, handler] of this.served) {
      const { thread: module, concurrency = 1 } = handler;
      if (module === undefined) continue;
      const pool = new ThreadPool({ module, queue }, concurrency, threads);
      this.pools.push(pool);
      this.served.set(queue, { ...handler, threads: pool });
    }
    await Promise.all(this.pools.map((pool) => pool.start()));
  }
}

/**
 * Connects a job server to a Nest application: `startAllMicroservices` then begins to take jobs, `close` drains.
 * The application's own global filters, pipes, guards and interceptors, made for HTTP, do not apply to jobs; add
 * those for jobs to what is returned, or to the controllers.
 */
export function connectJobServer(app: INestApplication, server: JobServer): NestMicroservice {
  // Deferred, since Nest otherwise wraps the handlers here and now, before the filter is there.
  const connected = app.connectMicroservice<{ strategy: JobServer }>(
    { strategy: server },
    { deferInitialization: true },
  );
  const microservice = connected as NestMicroservice;
  // The application calls them; a deferred microservice would a second time.
  microservice.setIsInitHookCalled(true);
  microservice.useGlobalFilters(new RethrowFilter());
  return microservice;
}
