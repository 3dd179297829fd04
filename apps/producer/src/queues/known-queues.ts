import { channels } from '@baton/contracts';
import { Database, Listener, type QueueDoor, readQueueDoors, unknownQueue } from '@baton/persistence';
import { compileSchema, type PayloadCheck, serviceLogger } from '@baton/service';
import { inRootContext } from '@baton/tracing';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';

/** A queue as its door sees it. */
export interface KnownQueue extends QueueDoor {
  /** Tells the faults of a payload; absent where any will do. */
  check?: PayloadCheck | undefined;
}

/** Word of a change may be lost (behind a transaction pooler it always is): what is older is read again beside its use. */
const freshMs = 5_000;

/**
 * The queues, so that a job which none of them takes is refused without a transaction. One once seen is believed: should
 * it be gone, the job's insert says so. One not seen is asked for, so that a queue just made elsewhere is known at once;
 * those who ask at one time share one query. Changes are heard of by NOTIFY.
 */
@Injectable()
export class KnownQueues implements OnModuleInit, OnApplicationShutdown {
  private queues: ReadonlyMap<string, KnownQueue> = new Map();
  private asking: Promise<void> | undefined;
  private askedAt = -Infinity;
  private readonly listener: Listener;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(serviceLogger) private readonly log: Logger,
  ) {
    const look = (): void => this.lookAgain();
    this.listener = new Listener(database.url, {
      applicationName: 'baton-producer',
      channels: { [channels.queues]: look },
      onConnect: look,
      log: (message, err) => log.warn({ err }, message),
    });
  }

  onModuleInit(): void {
    void inRootContext(() => this.listener.start());
  }

  async onApplicationShutdown(): Promise<void> {
    await this.listener.close();
    await this.asking?.catch(() => undefined); // told to those who asked
  }

  /**
   * @returns the queues by name; at once when all are known
   * @throws BatonError `unknown_queue`
   */
  require(
    names: Iterable<string>,
  ): ReadonlyMap<string, KnownQueue> | Promise<ReadonlyMap<string, KnownQueue>> {
    for (const name of names) if (!this.queues.has(name)) return this.askFor(names);
    if (performance.now() - this.askedAt > freshMs) this.lookAgain();
    return this.queues;
  }

  /** Reads all anew: for whoever has just changed one. */
  async refresh(): Promise<void> {
    // An answer on its way may have been read before the change.
    await this.asking?.catch(() => undefined);
    this.asking ??= this.read().finally(() => (this.asking = undefined));
    await this.asking;
  }

  private async askFor(names: Iterable<string>): Promise<ReadonlyMap<string, KnownQueue>> {
    await this.refresh();
    for (const name of names) if (!this.queues.has(name)) throw unknownQueue(name);
    return this.queues;
  }

  private lookAgain(): void {
    this.refresh().catch((err: unknown) =>
      this.log.warn({ err }, 'queues could not be read; what is known holds'),
    );
  }

  private async read(): Promise<void> {
    this.askedAt = performance.now();
    const doors = await readQueueDoors(this.database.pool);
    this.queues = new Map(doors.map((door) => [door.name, this.known(door)]));
  }

  /** A schema is compiled once, and again when it has changed. */
  private known(door: QueueDoor): KnownQueue {
    const before = this.queues.get(door.name);
    if (door.schema === null) return door;
    if (before?.schema === door.schema) return { ...door, check: before.check };
    try {
      return { ...door, check: compileSchema(JSON.parse(door.schema) as object | boolean) };
    } catch (err) {
      // It compiled when it was set: what has changed is the library. Other queues must not suffer for it.
      this.log.error(
        { err, queue: door.name },
        'the schema of a queue does not compile, and is not held against payloads',
      );
      return door;
    }
  }
}
