import {
  deletePublished,
  faultKind,
  type PublishedBatch,
  type Queryable,
  type Term,
} from '@baton/persistence';
import type { Logger } from 'pino';
import { fencedDeletes } from '../metrics/relay-metrics.js';

interface Request {
  batch: PublishedBatch;
  terms: readonly Term[];
  resolve: (deleted: Set<number>) => void;
  reject: (error: unknown) => void;
}

export interface OutboxEraserOptions {
  replicaId: string;
  /** The epoch under which this replica leads the shard now. */
  epochOf: (shard: number) => number | undefined;
  log: Logger;
}

const rowsAtOnce = 5_000;
const retryMs = 100;

/**
 * Deletes what the broker has, one statement at a time, under the epochs with which it was sent. A statement that
 * fails in passing is repeated while we lead: sending again what only could not be deleted would double it.
 */
export class OutboxEraser {
  private readonly waiting: Request[] = [];
  private pumping = false;

  constructor(
    private readonly db: Queryable,
    private readonly options: OutboxEraserOptions,
  ) {}

  /** @returns the ids deleted; the others' shards belong to another leader by now */
  erase(batch: PublishedBatch, terms: readonly Term[]): Promise<Set<number>> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ batch, terms, resolve, reject });
      if (!this.pumping) void this.pump();
    });
  }

  private async pump(): Promise<void> {
    this.pumping = true;
    while (this.waiting.length > 0) await this.runOnce(this.take());
    this.pumping = false;
  }

  private take(): Request[] {
    const taken: Request[] = [];
    for (
      let rows = 0;
      this.waiting[0] && (taken.length === 0 || rows + this.waiting[0].batch.rows.length <= rowsAtOnce);
    ) {
      const request = this.waiting.shift()!;
      rows += request.batch.rows.length;
      taken.push(request);
    }
    return taken;
  }

  private async runOnce(requests: readonly Request[]): Promise<void> {
    const terms = new Map<number, Term>();
    for (const term of requests.flatMap((request) => request.terms)) terms.set(term.shard, term);
    const batches = requests.map((request) => request.batch);
    for (;;) {
      try {
        const deleted = await deletePublished(this.db, {
          replicaId: this.options.replicaId,
          terms: [...terms.values()],
          batches,
        });
        const kept = batches.reduce((sum, batch) => sum + batch.rows.length, 0) - deleted.size;
        if (kept > 0) fencedDeletes.inc(kept);
        for (const request of requests) request.resolve(deleted);
        return;
      } catch (error) {
        const lead = [...terms.values()].some(({ shard, epoch }) => this.options.epochOf(shard) === epoch);
        if (faultKind(error) !== 'passing' || !lead) {
          for (const request of requests) request.reject(error);
          return;
        }
        this.options.log.warn({ err: error }, 'published rows could not be deleted yet');
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
  }
}
