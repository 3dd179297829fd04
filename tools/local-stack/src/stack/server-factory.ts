import path from 'node:path';
import { readLocalStackConfig, type LocalStackConfig } from '../local-stack.config.js';
import { KafkaRecipe } from '../kafka/kafka-recipe.js';
import { PortBook } from '../ports/port-book.js';
import { PostgresRecipe } from '../postgres/postgres-recipe.js';
import { LogFile } from '../process/log-file.js';
import { ServerProcess, type ServerExit } from '../process/server-process.js';
import type { ServerContext, ServerRecipe } from '../process/server-recipe.js';
import type { WatchdogLink } from '../process/watchdog-link.js';
import { RedisRecipe } from '../redis/redis-recipe.js';
import { S3Recipe } from '../s3/s3-recipe.js';
import type { ServiceName } from './service-name.js';
import type { StackAddresses } from './stack-addresses.js';
import type { StackLock } from './stack-lock.js';
import type { StackOptions } from './stack-options.js';

/** Makes the servers of one stack and knows their addresses. */
export class ServerFactory {
  readonly servers = new Map<ServiceName, ServerProcess>();
  readonly addresses: Partial<StackAddresses>;
  private readonly config: LocalStackConfig;
  private readonly ports: Promise<PortBook>;

  constructor(
    private readonly options: StackOptions,
    private readonly watchdog: WatchdogLink,
    private readonly lock: StackLock,
  ) {
    this.config = options.config ?? { ...readLocalStackConfig(), given: {} };
    this.addresses = { ...this.config.given };
    this.ports = PortBook.open(path.join(options.dir, 'ports.json'));
  }

  /** The server, not yet started; undefined where the environment gives one. */
  async make(service: ServiceName): Promise<ServerProcess | undefined> {
    if (this.isGiven(service)) return undefined;
    const server = new ServerProcess(await this.makeRecipe(service), {
      log: new LogFile(path.join(this.options.dir, 'log', `${service}.log`)),
      onSpawn: (pid, recipe) => this.answerFor(pid, recipe),
      onEnd: (pid) => {
        this.watchdog.release(pid);
        this.lock.remove(pid);
      },
      onUnexpectedExit: this.options.onServerExit ?? warnOfExit,
    });
    this.servers.set(service, server);
    return server;
  }

  /** Forgets a server that could not be started. */
  discard(service: ServiceName): void {
    this.servers.delete(service);
    delete this.addresses[addressNames[service]];
  }

  /** Ends all servers. The factory makes none after this. */
  async stopAll(): Promise<void> {
    await Promise.all([...this.servers.values()].map((server) => server.stop()));
    (await this.ports).giveBack();
  }

  private isGiven(service: ServiceName): boolean {
    return this.config.given[addressNames[service]] !== undefined;
  }

  private answerFor(pid: number, recipe: ServerRecipe): void {
    this.watchdog.guard(pid, recipe.stopSignal);
    void this.lock.add(pid, recipe.stopSignal).catch((error: unknown) => {
      process.emitWarning(`The stack's lock file cannot be written: ${String(error)}`);
    });
  }

  private async makeRecipe(service: ServiceName): Promise<ServerRecipe> {
    const { dir, durable, postgresSettings, redisPersistence, onProgress = () => {} } = this.options;
    const ports = await this.ports;
    const context: ServerContext = {
      config: this.config,
      folder: path.join(dir, service),
      port: await ports.take(service),
      onProgress,
    };
    switch (service) {
      case 'postgres': {
        const recipe = new PostgresRecipe({
          ...context,
          durable,
          ...(postgresSettings && { settings: postgresSettings }),
        });
        this.addresses.databaseUrl = recipe.databaseUrl;
        return recipe;
      }
      case 'kafka': {
        const recipe = new KafkaRecipe({ ...context, controllerPort: await ports.take('kafka-controller') });
        this.addresses.kafkaBrokers = recipe.brokers;
        return recipe;
      }
      case 'redis': {
        const recipe = new RedisRecipe({
          ...context,
          appendonly: redisPersistence ?? (durable ? 'everysec' : 'none'),
        });
        this.addresses.redisUrl = recipe.redisUrl;
        return recipe;
      }
      case 's3': {
        const recipe = new S3Recipe(context);
        this.addresses.s3 = recipe.address;
        return recipe;
      }
    }
  }
}

const addressNames = { postgres: 'databaseUrl', kafka: 'kafkaBrokers', redis: 'redisUrl', s3: 's3' } as const;

function warnOfExit({ service, code, signal, lastLines }: ServerExit): void {
  process.emitWarning(
    `${service} ended by itself with ${signal ?? `code ${code}`}. Its last lines:\n${lastLines}`,
  );
}
