import { openS3 } from '@baton/objects';
import type { Logger } from 'pino';
import type { WorkerConfig } from '../worker.config.js';
import type { JobSource, SourceOptions } from './job-source.js';

/** The source that the configuration names. Each is imported only when it is the one. */
export async function openSource(config: WorkerConfig, log: Logger): Promise<JobSource> {
  const { s3, concurrency, drainGraceMs: graceMs } = config;
  const objects = s3 && (await openS3(s3));
  const options = { concurrency, graceMs, objects };
  const opened = await openOf(config, log, options);
  return {
    ...opened,
    close: async () => {
      await opened.close();
      objects?.close();
    },
  };
}

async function openOf(
  { source, redisUrl }: WorkerConfig,
  log: Logger,
  options: SourceOptions,
): Promise<JobSource> {
  if (source.mode === 'polling') {
    const { openPollingSource } = await import('./polling-source.js');
    return openPollingSource({ databaseUrl: source.databaseUrl, redisUrl, log }, options);
  }
  const { openEventSource } = await import('./event-source.js');
  return openEventSource({ kafka: source.kafka, log }, options);
}
