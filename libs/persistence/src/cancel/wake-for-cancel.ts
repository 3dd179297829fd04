import { type Channel, channels } from '@baton/contracts';
import type { CancelReport } from './cancel-report.js';

/**
 * Tells, after the commit, whom a cancel concerns: the workers that may have the jobs, those who wait for a job's end,
 * and whoever lets go what may run now. All of it is hints.
 */
export function wakeForCancel(wake: (channel: Channel, item: string) => void, report: CancelReport): void {
  const { cancelled, requested, released, openGates, followUps } = report;
  for (const { queue, mode } of released) wake(mode === 'event' ? channels.outbox : channels.jobs, queue);
  for (const queue of openGates) wake(channels.gates, queue);
  for (const jobId of requested) wake(channels.cancels, jobId);
  for (const { jobId } of cancelled) wake(channels.outcomes, jobId);
  for (const jobId of followUps) wake(channels.followUps, jobId);
}
