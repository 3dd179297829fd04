import { Queue, QueueEvents, Worker, type ConnectionOptions } from 'bullmq';
import type { Peer, PeerQueue, PeerWorker, PeerWorkerOptions, ResultReader } from './peer.js';

const queue = 'noop';

/** BullMQ stores what a handler returns with the job, and tells it by a stream. */
export class BullmqPeer implements Peer {
  private readonly connection: ConnectionOptions;

  constructor({ redisUrl }: { redisUrl: string }) {
    const { hostname, port } = new URL(redisUrl);
    this.connection = { host: hostname, port: Number(port) };
  }

  async prepare(): Promise<void> {
    // Queues are made by their first job.
  }

  async openQueue(): Promise<PeerQueue> {
    const jobs = new Queue(queue, { connection: this.connection });
    await jobs.waitUntilReady();
    return {
      async submit(n) {
        return idOf(await jobs.add(queue, { n }));
      },
      async submitMany(from, count) {
        await jobs.addBulk(Array.from({ length: count }, (_, i) => ({ name: queue, data: { n: from + i } })));
      },
      close: () => jobs.close(),
    };
  }

  async openWorker({ concurrency, onCompleted, onStarted }: PeerWorkerOptions): Promise<PeerWorker> {
    const handle = async ({ data }: { data: { n: number } }): Promise<number> => {
      onStarted?.();
      return data.n;
    };
    const worker = new Worker<{ n: number }, number>(queue, handle, {
      connection: this.connection,
      concurrency,
    });
    // Told after Redis has acknowledged it.
    if (onCompleted) worker.on('completed', (job, result) => onCompleted(idOf(job), result));
    await worker.waitUntilReady();
    return { settled: async () => {}, close: () => worker.close() };
  }

  async readResults(onResult: (id: string, result: number) => void): Promise<ResultReader> {
    const events = new QueueEvents(queue, { connection: this.connection });
    events.on('completed', ({ jobId, returnvalue }) => onResult(jobId, Number(returnvalue)));
    await events.waitUntilReady();
    return { close: () => events.close() };
  }
}

function idOf(job: { id?: string | undefined }): string {
  if (job.id === undefined) throw new TypeError('BullMQ gave a job without an id');
  return job.id;
}
