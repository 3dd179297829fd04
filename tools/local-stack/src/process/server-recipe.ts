import type { LocalStackConfig } from '../local-stack.config.js';
import type { ServiceName } from '../stack/service-name.js';

/** How to start a server: what `spawn` needs. */
export interface Launch {
  file: string;
  args: readonly string[];
  environment: NodeJS.ProcessEnv;
  cwd?: string;
  uid?: number;
  gid?: number;
}

/** What every recipe is given. */
export interface ServerContext {
  config: LocalStackConfig;
  /** For data and settings. */
  folder: string;
  port: number;
  /** Takes lines for a reader who waits. */
  onProgress: (line: string) => void;
}

/** What is particular to one kind of server; ServerProcess does the rest. */
export interface ServerRecipe {
  readonly service: ServiceName;
  readonly port: number;
  /** The signal upon which the server ends in good order. */
  readonly stopSignal: NodeJS.Signals;
  /** Makes data and settings ready. Called before each start. Throws ServiceUnavailableError where the machine lacks something. */
  prepare(): Promise<Launch>;
  /** Whether it serves; asked until it does. `log` reads what it printed since its start. */
  isReady(log: () => Promise<string>): Promise<boolean>;
  /** After an end in good order. */
  stopped?(): Promise<void>;
}
