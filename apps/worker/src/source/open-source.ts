import type { Logger } from 'pino';
import type { WorkerConfig } from '../worker.config.js';
import type { JobSource } from './job-source.js';

/** The source that the configuration names. Each is imported only when it is the one. */
export async function openSource(config: WorkerConfig, log: Logger): Promise<JobSource> {
  const { source, redisUrl, concurrency, drainGraceMs: graceMs } = config;
  const options = { concurrency, graceMs };
  if (source.mode === 'polling') {
    const { openPollingSource } = await import('./polling-source.js');
    return openPollingSource({ databaseUrl: source.databaseUrl, redisUrl, log }, options);
  }
  const { openEventSource } = await import('./event-source.js');
  return openEventSource({ kafka: source.kafka, log }, options);
}
