import { mkdir } from 'node:fs/promises';
import { answersLine } from '../ports/reaches-port.js';
import type { Launch, ServerContext, ServerRecipe } from '../process/server-recipe.js';
import { findRedis } from './redis-binary.js';

/** How often Redis writes to disk. `none` keeps everything in memory: a restart begins empty. */
export type RedisPersistence = 'none' | 'everysec' | 'always';

export interface RedisRecipeOptions extends ServerContext {
  appendonly: RedisPersistence;
}

export class RedisRecipe implements ServerRecipe {
  readonly service = 'redis';
  readonly stopSignal = 'SIGTERM';
  readonly port: number;

  constructor(private readonly options: RedisRecipeOptions) {
    this.port = options.port;
  }

  get redisUrl(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async prepare(): Promise<Launch> {
    const { config, folder, appendonly } = this.options;
    const file = await findRedis(this.options);
    await mkdir(folder, { recursive: true });
    const disk =
      appendonly === 'none' ? ['--appendonly', 'no'] : ['--appendonly', 'yes', '--appendfsync', appendonly];
    const args = [
      '--bind',
      '127.0.0.1',
      '--port',
      String(this.port),
      '--dir',
      folder,
      '--daemonize',
      'no',
      '--save',
      '',
      ...disk,
    ];
    return { file, args, environment: config.environment, cwd: folder };
  }

  /** While it loads its file it answers PING with an error. */
  isReady(): Promise<boolean> {
    return answersLine(this.port, 'PING\r\n', '+PONG');
  }
}
