import type { Server } from 'node:http';
import { limits } from '@baton/contracts';
import { Database, readQueue } from '@baton/persistence';
import { BatchedReader, EventTail, KeyHolds, SharedWakes } from '@baton/results';
import { Authenticator, type Caller, DrainRegistry, holderOf } from '@baton/service';
import { type DynamicModule, Inject, Module, type OnApplicationBootstrap } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Acknowledgements } from '../events/acknowledgements.js';
import { EventsModule } from '../events/events.module.js';
import type { GatewayConfig } from '../gateway.config.js';
import { QueueEnds } from './queue-ends.js';
import { StreamServer } from './stream-server.js';

const drainMs = 3_000;
const pace = { pingMs: 25_000, pongMs: 8_000, slowMs: 10_000 };
const greetingMs = 10_000;
const idleMs = 60_000;

/** Jobs' events, and queues' ends, by WebSocket. */
@Module({})
export class StreamModule implements OnApplicationBootstrap {
  static forRoot({ allowedOrigins }: GatewayConfig): DynamicModule {
    return {
      module: StreamModule,
      imports: [EventsModule],
      providers: [
        {
          provide: QueueEnds,
          inject: [BatchedReader, SharedWakes],
          useFactory: (reader: BatchedReader, wakes: SharedWakes) => new QueueEnds(reader, wakes),
        },
        {
          provide: StreamServer,
          inject: [EventTail, QueueEnds, Authenticator, Acknowledgements, Database],
          useFactory: (
            tail: EventTail,
            ends: QueueEnds,
            authenticator: Authenticator,
            acknowledgements: Acknowledgements,
            database: Database,
          ) => {
            const holds = new KeyHolds({
              most: limits.socketsPerKey,
              what: 'WebSockets',
              instead: `One socket may watch ${limits.subscriptions} jobs`,
            });
            return new StreamServer({
              tail,
              ends,
              authenticator,
              acknowledgements,
              allowedOrigins,
              knowsQueue: async (name) => (await readQueue(database.pool, name)) !== undefined,
              hold: (caller: Caller) => holds.take(holderOf(caller)),
              pace,
              greetingMs,
              idleMs,
            });
          },
        },
      ],
    };
  }

  constructor(
    @Inject(StreamServer) private readonly streams: StreamServer,
    @Inject(QueueEnds) ends: QueueEnds,
    @Inject(DrainRegistry) drains: DrainRegistry,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
  ) {
    drains.add({ name: 'websockets', timeoutMs: drainMs, drain: () => streams.drain() });
    void ends.start();
  }

  onApplicationBootstrap(): void {
    this.streams.attachTo(this.host.httpAdapter.getHttpServer() as Server);
  }
}
