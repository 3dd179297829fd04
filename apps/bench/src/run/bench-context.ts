import type { BenchConfig } from '../bench.config.js';
import type { OwnProcessOptions } from '../processes/own-process.js';
import type { BenchServers } from '../servers/bench-servers.js';
import type { BenchSettings } from './bench-settings.js';

/** What contenders and limits are given to work with. */
export interface BenchContext {
  config: BenchConfig;
  servers: BenchServers;
  settings: BenchSettings;
}

/** What every process of the bench is started with. */
export function childOptions(
  { config, servers }: BenchContext,
  name: string,
): Omit<OwnProcessOptions, 'args' | 'ipc'> {
  return { name, environment: { ...config.environment, NODE_ENV: 'production' }, ...servers.children };
}
