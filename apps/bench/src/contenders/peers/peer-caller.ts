import { BenchError } from '../../bench.error.js';
import type { Caller } from '../../workloads/caller.js';
import type { PeerQueue } from './peer.js';
import type { ResultBoard } from './result-board.js';

const resultWithinMs = 60_000;

/** Calls a peer by its own library. */
export class PeerCaller implements Caller {
  constructor(
    private readonly queue: PeerQueue,
    private readonly board: ResultBoard,
  ) {}

  async submitAndWait(n: number): Promise<number> {
    const id = await this.queue.submit(n);
    const result = await this.board.wait(id, resultWithinMs);
    if (result === undefined)
      throw new BenchError(`Job ${id} has no result after ${resultWithinMs / 1_000} s`);
    return result;
  }
}
