import type { BrokerProducer } from '@baton/messaging';
import { rescues } from '@baton/tracing';
import type { Logger } from 'pino';
import type { Announcer } from '../announce/announcer.js';
import { tellRefused } from '../control/tell-refused.js';
import { endLostRun } from '../timers/end-lost-run.js';
import type { MissingExecutions } from './missing-executions.js';

export interface RescueMissingOptions {
  announcer: Announcer;
  producer: BrokerProducer;
  controlTopic: string;
  log: Logger;
}

/** Has what its worker has forgotten run again. Should it run there after all, it is told to stop. */
export async function rescueMissing(
  missing: MissingExecutions,
  { announcer, producer, controlTopic, log }: RescueMissingOptions,
): Promise<void> {
  const { jobs, released } = await missing.look();
  if (jobs.length === 0) return;
  announcer.released(released);
  for (const job of jobs) {
    rescues.inc({ queue: job.queue, reason: 'missing' });
    endLostRun(job);
  }
  log.warn(
    { jobs: jobs.map(({ jobId }) => jobId) },
    'executions are missing from the heartbeats of their workers; their jobs run again',
  );
  try {
    await tellRefused(producer, controlTopic, jobs);
  } catch (error) {
    log.warn({ err: error }, 'workers could not be told; what they still say is refused all the same');
  }
}
