/** A process in which a peer's caller and worker sit side by side; it also measures how the worker drains a full queue. */
import { serveParent } from '../../processes/serve-parent.js';
import { runConcurrent, runSequential } from '../../workloads/latency.js';
import type { Figures } from '../../workloads/workload.js';
import { openPeer, type PeerId } from './open-peer.js';
import type { Peer, PeerQueue, PeerWorker } from './peer.js';
import { PeerCaller } from './peer-caller.js';
import { ResultBoard } from './result-board.js';

const board = new ResultBoard();
let peer: Peer;
let queue: PeerQueue | undefined;
let worker: PeerWorker | undefined;

serveParent({
  async open(id: PeerId, url: string): Promise<void> {
    peer = openPeer(id, url);
    await peer.prepare();
    queue = await peer.openQueue();
  },
  async openWorker(concurrency: number): Promise<void> {
    worker = await peer.openWorker({
      concurrency,
      publishResults: false,
      onCompleted: (id, result) => board.tell(id, result),
    });
  },
  sequential: (jobs: number) => runSequential(new PeerCaller(opened(), board), jobs),
  concurrent: (options: { jobs: number; clients: number }) =>
    runConcurrent(new PeerCaller(opened(), board), options),
  submitMany: (from: number, count: number) => opened().submitMany(from, count),
  drain,
  async close(): Promise<void> {
    await worker?.close();
    await queue?.close();
  },
});

/** Starts a worker on the jobs that are there: from the first handler entered until the last job's end is kept. */
async function drain(jobs: number, concurrency: number): Promise<Figures> {
  let begunAt: number | undefined;
  let left = jobs;
  const allCompleted = Promise.withResolvers<void>();
  worker = await peer.openWorker({
    concurrency,
    publishResults: false,
    onStarted: () => (begunAt ??= performance.now()),
    onCompleted: () => {
      if (--left === 0) allCompleted.resolve();
    },
  });
  await allCompleted.promise;
  await worker.settled();
  const seconds = (performance.now() - (begunAt ?? Number.NaN)) / 1_000;
  return { jobsPerSecond: jobs / seconds, tookSeconds: seconds };
}

function opened(): PeerQueue {
  if (!queue) throw new TypeError('open was not called');
  return queue;
}
