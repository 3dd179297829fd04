import type { JobEvent } from '../job-event.js';
import type { ChannelOptions } from './channel.js';

/** One of the jobs that share a WebSocket. */
export async function* websocketChannel({
  gateway,
  sockets,
  signal,
  ...watch
}: ChannelOptions): AsyncGenerator<JobEvent, void, undefined> {
  signal?.throwIfAborted();
  const { queue, leave } = sockets.watch(gateway, watch);
  try {
    yield* queue.take(signal);
  } finally {
    leave();
  }
}
