import type { LocalStackConfig } from '../local-stack.config.js';
import type { ServerExit } from '../process/server-process.js';
import type { RedisPersistence } from '../redis/redis-recipe.js';
import type { ServiceName } from './service-name.js';

export interface StackOptions {
  /** Where data, logs and the lock live; made if absent. */
  dir: string;
  /** The servers to start now; others may be started later by `ensure`. */
  services: readonly ServiceName[];
  /** False: the folder is deleted at the end, also if this process is killed. */
  persistent: boolean;
  /** False: PostgreSQL does not wait for the disk. Acknowledged data outlives the end of every process, not of the machine. */
  durable: boolean;
  /** PostgreSQL settings beyond, or in place of, the stack's own. */
  postgresSettings?: Readonly<Record<string, string>>;
  /** Default `everysec` where durable, else `none`. */
  redisPersistence?: RedisPersistence;
  /** Default: read from this process's environment, without the servers it names. */
  config?: LocalStackConfig;
  onProgress?: (line: string) => void;
  /** A server ended though nobody had asked it to. Default: a process warning. */
  onServerExit?: (exit: ServerExit) => void;
}

/** A server that this machine cannot run, and how it could. */
export interface UnavailableService {
  service: ServiceName;
  why: string;
  whatToDo: string;
}
