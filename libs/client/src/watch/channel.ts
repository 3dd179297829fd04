import type { Credentials } from '../credentials.js';
import type { JobEvent } from '../job-event.js';
import type { SocketPool } from './socket-pool.js';

/** From the best to the one that always works. */
export const channelNames = ['websocket', 'sse', 'long-poll', 'poll'] as const;
export type ChannelName = (typeof channelNames)[number];

export interface ChannelOptions {
  /** The gateway's address. */
  gateway: string;
  jobId: string;
  /** What the client has; undefined: nothing. */
  cursor: string | undefined;
  credentials: Credentials;
  fetch: typeof fetch;
  sockets: SocketPool;
  random: () => number;
  signal: AbortSignal | undefined;
  /** The gateway has answered on this channel. */
  onOpen: () => void;
}

/**
 * Yields a job's events after the cursor, on one connection. Its end means that the job has ended and all is told;
 * everything else is a `ChannelBreak`, or an error that no other channel and no other gateway would spare.
 */
export type Channel = (options: ChannelOptions) => AsyncGenerator<JobEvent, void, undefined>;
