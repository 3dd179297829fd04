import { channels, formatCursor } from '@baton/contracts';
import { acknowledge, Database, Listener, retrying } from '@baton/persistence';
import { DrainRegistry, secretBox, serviceLogger } from '@baton/service';
import { addressGuard, type AddressGuard } from '@baton/service/egress';
import { guardedAgent, type ResolveAll } from '@baton/service/egress-agent';
import { type DynamicModule, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Agent } from 'undici';
import { type Acknowledgement, Acknowledgements } from '../events/acknowledgements.js';
import type { GatewayConfig } from '../gateway.config.js';
import { DeliveriesController } from './deliveries.controller.js';
import { JobDeliveriesController } from './job-deliveries.controller.js';
import { mostInFlight } from './delivery/attempt-slots.js';
import { Deliverer } from './delivery/deliverer.js';
import { HttpSecretController, masterKeyToken } from './http-secret.controller.js';
import { KeyRing } from './endpoint-keys.js';
import { HeldTakes } from './pull/held-takes.js';
import { PullController } from './pull/pull.controller.js';
import { addressGuardToken, secretBoxToken, WebhooksController } from './webhooks.controller.js';

const agentToken = Symbol('what connects to receivers of webhooks');
const wakesToken = Symbol('what wakes the deliverer');

/** Longer than the deliverer's own grace. */
const drainMs = 9_000;

/** As it is kept with what an acknowledgement cancelled. */
const acknowledgedBy: Record<Acknowledgement['channel'], string> = {
  websocket: "a WebSocket's ack",
  sse: 'a stream that presented the terminal cursor',
  'long-poll': 'a long-poll that presented the terminal cursor',
  poll: 'a poll that presented the terminal cursor',
};

/** Webhooks: endpoints, deliveries, delivery plans. */
@Module({})
export class WebhooksModule implements OnApplicationShutdown {
  /** @param options.resolve stands in for the system's resolver in tests */
  static forRoot(config: GatewayConfig, { resolve }: { resolve?: ResolveAll } = {}): DynamicModule {
    return {
      module: WebhooksModule,
      controllers: [
        WebhooksController,
        DeliveriesController,
        JobDeliveriesController,
        PullController,
        HttpSecretController,
      ],
      providers: [
        { provide: addressGuardToken, useFactory: () => addressGuard(config.webhookAllow ?? []) },
        { provide: masterKeyToken, useValue: config.masterKey },
        { provide: secretBoxToken, useFactory: () => secretBox(config.masterKey) },
        {
          provide: agentToken,
          inject: [addressGuardToken],
          // Each try has a connection: of many receivers at one host, the slow ones must not keep the others waiting.
          useFactory: (guard: AddressGuard) =>
            guardedAgent(guard, { connections: mostInFlight, ...(resolve && { resolve }) }),
        },
        {
          provide: Deliverer,
          inject: [Database, agentToken, addressGuardToken, KeyRing, serviceLogger],
          useFactory: (
            { pool }: Database,
            agent: Agent,
            guard: AddressGuard,
            keys: KeyRing,
            logger: Logger,
          ) => new Deliverer(pool, { agent, guard, keys }, logger),
        },
        { provide: KeyRing, useFactory: () => new KeyRing(secretBox(config.masterKey)) },
        HeldTakes,
        {
          provide: wakesToken,
          inject: [Deliverer, HeldTakes, serviceLogger],
          useFactory: (deliverer: Deliverer, takes: HeldTakes, logger: Logger) => {
            const wake = (): void => {
              deliverer.wake();
              takes.wake();
            };
            return new Listener(config.databaseUrl, {
              applicationName: 'baton-gateway-webhooks',
              channels: { [channels.deliveries]: wake },
              // What was noted while nobody listened is looked for.
              onConnect: wake,
              log: (message, err) => logger.warn({ err }, message),
            });
          },
        },
      ],
    };
  }

  constructor(
    @Inject(Deliverer) private readonly deliverer: Deliverer,
    @Inject(HeldTakes) takes: HeldTakes,
    @Inject(wakesToken) private readonly wakes: Listener,
    @Inject(agentToken) private readonly agent: Agent,
    @Inject(DrainRegistry) drains: DrainRegistry,
    @Inject(Acknowledgements) acknowledgements: Acknowledgements,
    @Inject(Database) { pool }: Database,
  ) {
    acknowledgements.onAcknowledged(async ({ tenantId, jobId, cursor, channel }) => {
      const ack = { tenantId, jobId, cursor: formatCursor(cursor), how: acknowledgedBy[channel] };
      await retrying(() => acknowledge(pool, ack));
    });
    drains.add({ name: 'held takes', timeoutMs: 2_000, drain: () => Promise.resolve(takes.drain()) });
    drains.add({ name: 'webhooks', timeoutMs: drainMs, drain: () => deliverer.drain() });
    deliverer.start();
    // Not awaited: until it listens, the slow sweep finds what is due.
    void wakes.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.deliverer.drain();
    await this.wakes.close();
    await this.agent.destroy();
  }
}
