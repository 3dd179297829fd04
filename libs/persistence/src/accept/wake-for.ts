import { channels, type Channel, type DispatchMode } from '@baton/contracts';
import type { GroupResult } from './accept-group.js';

/** Tells those who wait what a committed group has for them: workers, the relay's outbox, its timers. */
export function wakeFor(
  result: Omit<GroupResult, 'answers'>,
  wake: (channel: Channel, item: string) => void,
): void {
  const channelOf = (mode: DispatchMode): Channel => (mode === 'event' ? channels.outbox : channels.jobs);
  const { inserted, released, openGates, earliestMs = Infinity, followUps } = result;
  let earliest = earliestMs;
  for (const { state, mode, queue, runAtMs, deadlineAtMs } of inserted) {
    if (state === 'queued' && mode) wake(channelOf(mode), queue);
    if (state === 'scheduled' && runAtMs !== null) earliest = Math.min(earliest, runAtMs);
    if (deadlineAtMs !== null) earliest = Math.min(earliest, deadlineAtMs);
  }
  for (const { mode, queue } of released) wake(channelOf(mode), queue);
  for (const atMs of openGates) wake(channels.gates, atMs);
  for (const jobId of followUps) wake(channels.followUps, jobId);
  if (earliest < Infinity) wake(channels.timers, String(earliest));
}
