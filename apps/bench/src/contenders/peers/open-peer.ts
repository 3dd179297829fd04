import { BullmqPeer } from './bullmq-peer.js';
import { GraphilePeer } from './graphile-peer.js';
import type { Peer } from './peer.js';

export const peerIds = ['graphile', 'graphile-local', 'bullmq'] as const;
export type PeerId = (typeof peerIds)[number];

/** Jobs that graphile-worker fetches at once where it is told to. */
export const localQueueSize = 500;

/** @param url of the server where the peer keeps its jobs: a PostgreSQL database, or Redis */
export function openPeer(id: PeerId, url: string): Peer {
  switch (id) {
    case 'graphile':
      return new GraphilePeer({ databaseUrl: url });
    case 'graphile-local':
      return new GraphilePeer({ databaseUrl: url, localQueueSize });
    case 'bullmq':
      return new BullmqPeer({ redisUrl: url });
  }
}
