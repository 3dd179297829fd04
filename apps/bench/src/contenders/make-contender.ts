import type { ContenderId } from '../arguments/bench-arguments.js';
import type { BenchContext } from '../run/bench-context.js';
import { BatonContender } from './baton/baton-contender.js';
import type { Contender } from './contender.js';
import { localQueueSize } from './peers/open-peer.js';
import { PeerContender } from './peers/peer-contender.js';

/** A contender with the settings at which it did best here; what they are is part of the results. */
export function makeContender(context: BenchContext, id: ContenderId): Contender {
  switch (id) {
    case 'baton-polling':
      return new BatonContender(context, { id, label: 'Baton, polling', mode: 'polling', allSampled: false });
    case 'baton-event':
      return new BatonContender(context, { id, label: 'Baton, event', mode: 'event', allSampled: false });
    case 'baton-polling-all-sampled':
      return new BatonContender(context, {
        id,
        label: 'Baton, polling, all traces sampled',
        mode: 'polling',
        allSampled: true,
      });
    case 'baton-event-all-sampled':
      return new BatonContender(context, {
        id,
        label: 'Baton, event, all traces sampled',
        mode: 'event',
        allSampled: true,
      });
    case 'graphile':
      return new PeerContender(context, {
        id,
        label: 'graphile-worker',
        kind: 'postgres',
        drainConcurrency: 24,
      });
    case 'graphile-local':
      return new PeerContender(context, {
        id,
        label: `graphile-worker, local queue ${localQueueSize}, batched`,
        kind: 'postgres',
        drainConcurrency: 50,
      });
    case 'bullmq':
      return new PeerContender(context, {
        id,
        label: 'BullMQ, Redis, fsync always',
        kind: 'redis',
        drainConcurrency: 100,
      });
  }
}
