/**
 * What is taken and what is done of one partition, while it is ours.
 *
 * Always: `floor` only rises; every offset below it is done; the lowest unfinished offset is never below it.
 */
export class PartitionOffsets {
  /** Taken and not below the floor, ascending, from `head` on. */
  private order: bigint[] = [];
  private head = 0;
  private readonly finished = new Set<bigint>();
  private floor: bigint | undefined;
  private next: bigint | undefined;

  constructor(committed: bigint | undefined) {
    this.floor = committed;
    this.next = committed;
  }

  /** `false`: taken before (in flight or done), so not to be run. */
  take(offset: bigint): boolean {
    if (this.floor !== undefined && offset < this.floor) return false;
    if (this.next !== undefined && offset < this.next) {
      const at = this.indexOf(offset);
      if (this.order[at] === offset) return false;
      this.order.splice(at, 0, offset);
    } else {
      this.order.push(offset);
      this.next = offset + 1n;
    }
    return true;
  }

  /** `false`: not taken here, or done before. */
  finish(offset: bigint): boolean {
    if (this.order[this.indexOf(offset)] !== offset || this.finished.has(offset)) return false;
    this.finished.add(offset);
    this.settle();
    return true;
  }

  /** Others have committed up to here: what lies below is theirs. */
  raise(committed: bigint): void {
    if (this.floor === undefined || committed > this.floor) this.floor = committed;
    if (this.next === undefined || committed > this.next) this.next = committed;
    this.settle();
  }

  /** The lowest unfinished offset; `undefined` while nothing is known of the partition. */
  committable(): bigint | undefined {
    const lowest = this.order[this.head] ?? this.next;
    if (lowest !== undefined && (this.floor === undefined || lowest > this.floor)) this.floor = lowest;
    return this.floor;
  }

  /** Records taken that no commit can pass yet: the unfinished, and the done above the lowest of them. */
  span(): number {
    return this.order.length - this.head;
  }

  unfinished(): number {
    return this.span() - this.finished.size;
  }

  private settle(): void {
    for (let offset = this.order[this.head]; offset !== undefined; offset = this.order[this.head]) {
      const below = this.floor !== undefined && offset < this.floor;
      if (!this.finished.delete(offset) && !below) break;
      if (!below) this.floor = offset + 1n;
      this.head += 1;
    }
    if (this.head > 1024 && this.head * 2 > this.order.length) {
      this.order = this.order.slice(this.head);
      this.head = 0;
    }
  }

  /** Where `offset` is in `order`, or would be inserted. */
  private indexOf(offset: bigint): number {
    let low = this.head;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.order[middle] ?? offset) < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
