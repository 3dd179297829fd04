import { BatonError } from '@baton/contracts';
import { formatTerm, parseTerm, type Term } from './term.js';

interface Rise {
  readonly offset: bigint;
  readonly epoch: bigint;
}

/**
 * Fences the late records of deposed leaders, for one partition: a record is stale when a record of
 * the same shard **before it in the log** has a higher epoch.
 *
 * "Before it" is by offset, not by time of reading: a partition is read again from its committed
 * offset after a rebalance, and a record that was good must be good again. So the rises of each
 * shard's epoch are kept with their offsets, and what a commit's metadata carries are the epochs
 * **below the committed offset** only.
 */
export class PartitionTerms {
  private readonly base = new Map<number, bigint>();
  /** Per shard, ascending in offset and epoch, all above the last commit. */
  private readonly rises = new Map<number, Rise[]>();

  /** From the metadata written by {@link serialise}. Throws `undecodable` when it is not that. */
  static restore(metadata: string | undefined): PartitionTerms {
    const terms = new PartitionTerms();
    for (const text of metadata ? metadata.split(',') : []) {
      const term = parseTerm(text);
      if (!term) {
        throw new BatonError(
          'undecodable',
          `The terms "${metadata}" of a commit cannot be read; expected <shard>:<epoch>, separated by commas.`,
        );
      }
      terms.base.set(term.shard, term.epoch);
    }
    return terms;
  }

  /** `false`: the record is stale and must not be run. Calls may repeat offsets, but skip none. */
  admit(offset: bigint, term: Term): boolean {
    const highest = this.highestBefore(term.shard, offset);
    if (highest !== undefined && term.epoch < highest) return false;
    if (highest === undefined || term.epoch > highest) this.rise(term.shard, { offset, epoch: term.epoch });
    return true;
  }

  /** The highest epoch of each shard among the records below `offset`: at most some 20 bytes a shard. */
  serialise(offset: bigint): string {
    const shards = [...new Set([...this.base.keys(), ...this.rises.keys()])].sort((a, b) => a - b);
    return shards
      .flatMap((shard) => {
        const epoch = this.highestBefore(shard, offset);
        return epoch === undefined ? [] : [formatTerm({ shard, epoch })];
      })
      .join(',');
  }

  /** Nothing below `offset` will be read again: its terms become the base. */
  committed(offset: bigint): void {
    for (const [shard, rises] of this.rises) {
      const epoch = this.highestBefore(shard, offset);
      if (epoch !== undefined) this.base.set(shard, epoch);
      const above = rises.filter((rise) => rise.offset >= offset);
      if (above.length > 0) this.rises.set(shard, above);
      else this.rises.delete(shard);
    }
  }

  private highestBefore(shard: number, offset: bigint): bigint | undefined {
    return this.rises.get(shard)?.findLast((rise) => rise.offset < offset)?.epoch ?? this.base.get(shard);
  }

  private rise(shard: number, rise: Rise): void {
    const rises = this.rises.get(shard) ?? [];
    if (rises.some(({ offset }) => offset === rise.offset)) return;
    // A record read for the first time lies above all that were read; only then is the order kept.
    rises.push(rise);
    this.rises.set(shard, rises);
  }
}
