/** A thin HTTP front of a peer: submit, and long-poll of the result. Its worker is another process. */
import { fastify } from 'fastify';
import { serveParent } from '../../processes/serve-parent.js';
import { openPeer, type PeerId } from './open-peer.js';
import type { PeerQueue, ResultReader } from './peer.js';
import { ResultBoard } from './result-board.js';

const board = new ResultBoard();
const server = fastify();
let queue: PeerQueue | undefined;
let results: ResultReader | undefined;

serveParent({
  /** Resolves to its URL. */
  async open(id: PeerId, url: string): Promise<string> {
    const peer = openPeer(id, url);
    await peer.prepare();
    results = await peer.readResults((jobId, result) => board.tell(jobId, result));
    serve((queue = await peer.openQueue()));
    return server.listen({ host: '127.0.0.1', port: 0 });
  },
  async close(): Promise<void> {
    await server.close();
    await results?.close();
    await queue?.close();
  },
});

function serve(jobs: PeerQueue): void {
  server.post<{ Body: { payload: { n: number } } }>('/v1/jobs', async ({ body }, reply) => {
    const id = await jobs.submit(body.payload.n);
    return reply.code(202).send({ id });
  });
  server.get<{ Params: { id: string } }>('/v1/results/:id', async ({ params: { id }, headers }, reply) => {
    const result = await board.wait(id, waitMs(headers['prefer']));
    return result === undefined ? reply.code(202).send({ id }) : reply.send({ id, result });
  });
}

/** `Prefer: wait=30` is 30 s. */
function waitMs(prefer: string | string[] | undefined): number {
  const seconds = /^wait=(\d+)$/.exec(String(prefer))?.[1];
  return seconds === undefined ? 0 : Number(seconds) * 1_000;
}
