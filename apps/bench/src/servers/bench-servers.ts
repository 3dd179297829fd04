import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { createDatabase, startStack, type ServiceName, type Stack } from '@baton/local-stack';
import type { BenchConfig } from '../bench.config.js';
import { BenchError } from '../bench.error.js';
import type { OwnProcess, OwnProcessOptions, ProcessKeeper } from '../processes/own-process.js';
import { settleDown } from './settle-down.sql.js';

export interface BenchServersOptions {
  config: BenchConfig;
  services: readonly ServiceName[];
  /** A Redis of its own that waits for the disk at each write, for the peer that keeps its jobs there. */
  durableRedis: boolean;
  /** PostgreSQL counts its statements. */
  statementStatistics: boolean;
  print: (line: string) => void;
}

/**
 * The servers of one bench: started together, all durable, shared by all contenders, deleted at the end.
 * It also keeps the bench's own processes, which end before the servers do.
 */
export class BenchServers implements ProcessKeeper {
  private readonly databases = new Set<string>();
  private readonly processes = new Set<OwnProcess>();
  private stopped = false;

  private constructor(
    private readonly options: BenchServersOptions,
    private readonly main: Stack,
    private readonly peers: Stack | undefined,
  ) {}

  static async start(options: BenchServersOptions): Promise<BenchServers> {
    const { config, services, durableRedis, print } = options;
    const common = { persistent: false, durable: true, onProgress: print } as const;
    const statistics = {
      shared_preload_libraries: 'pg_stat_statements',
      'pg_stat_statements.track_planning': 'off',
    };
    const main = await startStack({
      ...common,
      dir: path.join(config.serversFolder, 'main'),
      services,
      ...(options.statementStatistics && { postgresSettings: statistics }),
    });
    try {
      const missing = main.unavailable.map(({ why, whatToDo }) => `${why} ${whatToDo}`);
      if (missing.length > 0) throw new BenchError(missing.join('\n'));
      const peers = durableRedis
        ? await startStack({
            ...common,
            dir: path.join(config.serversFolder, 'peers'),
            services: ['redis'],
            redisPersistence: 'always',
          })
        : undefined;
      return new BenchServers(options, main, peers);
    } catch (error) {
      await main.stop();
      throw error;
    }
  }

  get addresses(): Stack['addresses'] {
    return this.main.addresses;
  }

  get kafkaBrokers(): string {
    return required(this.main.kafkaBrokers, 'Kafka');
  }

  /** Of the Redis with `appendfsync always`. */
  get durableRedisUrl(): string {
    return required(this.peers?.redisUrl, 'the durable Redis');
  }

  /** Process ids by server, for their CPU time. */
  get pids(): Record<string, number | undefined> {
    return { ...this.main.pids, ...(this.peers && { 'redis (always)': this.peers.pids.redis }) };
  }

  /** The URL of a database, made if it is not there. */
  async database(name: string): Promise<string> {
    const url = new URL(this.main.databaseUrl);
    if (!this.databases.has(name)) await createDatabase(url.href, name);
    this.databases.add(name);
    url.pathname = `/${name}`;
    return url.href;
  }

  /** A folder that is deleted at the end, made if it is not there. */
  async folder(name: string): Promise<string> {
    const folder = path.join(this.options.config.serversFolder, 'main', name);
    await mkdir(folder, { recursive: true });
    return folder;
  }

  /** Brings PostgreSQL to rest, so that no contender pays for what another has left behind. */
  async settleDown(): Promise<void> {
    for (const name of this.databases) await settleDown(await this.database(name));
  }

  /** The bench is over, or was told to end. */
  get isStopped(): boolean {
    return this.stopped;
  }

  /** What every process of the bench needs to be started with. */
  get children(): Pick<OwnProcessOptions, 'keeper' | 'logFolder'> {
    return { keeper: this, logFolder: this.options.config.logFolder };
  }

  started(process: OwnProcess): void {
    this.processes.add(process);
    if (process.pid !== undefined) this.main.guard(process.pid, 'SIGTERM');
  }

  ended(process: OwnProcess): void {
    this.processes.delete(process);
    if (process.pid !== undefined) this.main.unguard(process.pid);
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await Promise.all([...this.processes].map((process) => process.stop()));
    await Promise.all([this.main.stop(), this.peers?.stop()]);
  }
}

function required(address: string | undefined, what: string): string {
  if (address === undefined) throw new BenchError(`This bench was started without ${what}`);
  return address;
}
