/** A peer's worker in a process of its own, whose results reach callers in other processes. */
import { serveParent } from '../../processes/serve-parent.js';
import { openPeer, type PeerId } from './open-peer.js';
import type { PeerWorker } from './peer.js';

let worker: PeerWorker | undefined;

serveParent({
  async open(id: PeerId, url: string, concurrency: number): Promise<void> {
    worker = await openPeer(id, url).openWorker({ concurrency, publishResults: true });
  },
  async close(): Promise<void> {
    await worker?.close();
  },
});
