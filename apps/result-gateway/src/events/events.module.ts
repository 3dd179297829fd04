import { limits } from '@baton/contracts';
import { Database } from '@baton/persistence';
import { EventReader, EventTail, KeyHolds, SharedWakes } from '@baton/results';
import { DrainRegistry, serviceLogger } from '@baton/service';
import { Inject, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { Acknowledgements } from './acknowledgements.js';
import { EventStreams } from './event-streams.js';
import { EventsController } from './events.controller.js';
import { StreamSessionController } from './stream-session.controller.js';

const drainMs = 2_000;

/** Jobs' events by poll, long-poll and SSE. */
@Module({
  controllers: [EventsController, StreamSessionController],
  providers: [
    {
      provide: EventTail,
      inject: [Database, SharedWakes, serviceLogger],
      useFactory: (database: Database, wakes: SharedWakes, logger: Logger) =>
        new EventTail({
          reader: new EventReader(database),
          wakes,
          log: (message, err) => logger.warn({ err }, message),
        }),
    },
    {
      provide: KeyHolds,
      useFactory: () =>
        new KeyHolds({
          most: limits.waitingPerKey,
          what: 'held requests for events',
          instead: 'Use fewer, or one WebSocket at /v1/stream for many jobs',
        }),
    },
    {
      provide: EventStreams,
      inject: [EventTail, Acknowledgements, serviceLogger],
      useFactory: (tail: EventTail, acknowledgements: Acknowledgements, logger: Logger) =>
        new EventStreams({
          tail,
          acknowledgements,
          holds: new KeyHolds({
            most: limits.streamsPerKey,
            what: 'event streams',
            instead: 'Use one WebSocket at /v1/stream for many jobs',
          }),
          log: (message, fields) => logger.info(fields, message),
        }),
    },
  ],
  exports: [EventTail],
})
export class EventsModule {
  constructor(@Inject(EventTail) tail: EventTail, @Inject(DrainRegistry) drains: DrainRegistry) {
    drains.add({ name: 'event streams', timeoutMs: drainMs, drain: () => Promise.resolve(tail.drain()) });
    // Not awaited: a service whose wake-ups come late answers all the same.
    void tail.start();
  }
}
