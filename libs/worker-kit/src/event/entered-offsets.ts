import { partitionKey, type TopicPartition } from '@baton/messaging';

/** How far ahead of the entering a commit says that it may have come: one commit then suffices for as many entries. */
const step = 1_000n;

interface Entered {
  readonly partition: TopicPartition;
  /** A commit says that the handlers of records below may have been entered. */
  said: bigint;
  /** What the next commit is to say. */
  wanted: bigint;
  /** One beyond the last that was entered here. */
  top: bigint;
  /** Records below may have ended the worker that had them before: each is begun with care. */
  carefulBelow: bigint;
  /** The log's end when this worker first read of it bounds what another can have entered. */
  bounded: boolean;
  /** It may be another's next, who has been told how far this worker came: it comes no further until it is given anew. */
  handedOver: boolean;
}

/** An offset within its partition. */
export type PlaceInLog = TopicPartition & { readonly offset: bigint };

/**
 * Which records of this worker's partitions may have been entered, for whoever takes a partition over. A commit tells it
 * in steps of 1,000 ahead of the entering; no handler is entered beyond what the broker knows of.
 */
export class EnteredOffsets {
  private readonly partitions = new Map<string, Entered>();

  /** @param before what the last commit says: none where its worker had left in good order */
  assign(
    partition: TopicPartition & { readonly kept: boolean },
    { before }: { before: bigint | undefined },
  ): void {
    const known = this.partitions.get(partitionKey(partition));
    const own = partition.kept ? known : undefined;
    const said = before ?? 0n;
    const { topic, partition: number } = partition;
    this.partitions.set(partitionKey(partition), {
      partition: { topic, partition: number },
      said,
      wanted: said,
      top: own?.top ?? 0n,
      carefulBelow: own ? own.carefulBelow : said,
      bounded: own?.bounded ?? false,
      handedOver: false,
    });
  }

  lose(partition: TopicPartition): void {
    this.partitions.delete(partitionKey(partition));
  }

  /** Records were read. @param end the partition's end at that time */
  read(partition: TopicPartition, end: bigint): void {
    const entered = this.partitions.get(partitionKey(partition));
    if (!entered || entered.bounded) return;
    entered.bounded = true;
    if (end < entered.carefulBelow) entered.carefulBelow = end;
  }

  /**
   * Whether the record's handler may be entered now. Where it may not, or soon no more may, a commit is wanted.
   * A partition that is lost bounds nothing: what of it is entered is another's.
   */
  mayEnter(place: PlaceInLog): boolean {
    const entered = this.partitions.get(partitionKey(place));
    if (!entered) return true;
    if (entered.handedOver) return place.offset < entered.top;
    if (place.offset + step / 2n >= entered.wanted) entered.wanted = place.offset + step;
    return place.offset < entered.said;
  }

  enter(place: PlaceInLog): void {
    const entered = this.partitions.get(partitionKey(place));
    if (entered && place.offset >= entered.top) entered.top = place.offset + 1n;
  }

  /** Whether its last worker may have died of it. */
  isSuspect(place: PlaceInLog): boolean {
    const entered = this.partitions.get(partitionKey(place));
    return entered !== undefined && place.offset < entered.carefulBelow;
  }

  /** Partitions of which more is to be said than was. */
  unsaid(): TopicPartition[] {
    return [...this.partitions.values()]
      .filter(({ said, wanted, handedOver }) => wanted > said && !handedOver)
      .map(({ partition }) => partition);
  }

  /**
   * The partition is about to change hands: from here on no handler is entered beyond what was, which is what a commit says
   * to whom it goes. It ends when the partition is given anew, or lost.
   */
  handOver(partition: TopicPartition): void {
    const entered = this.partitions.get(partitionKey(partition));
    if (entered) entered.handedOver = true;
  }

  /** What a commit says. */
  toSay(partition: TopicPartition): bigint | undefined {
    const entered = this.partitions.get(partitionKey(partition));
    return entered?.handedOver ? entered.top : entered?.wanted;
  }

  /** The broker knows. */
  said(partition: TopicPartition, enteredTo: bigint): void {
    const entered = this.partitions.get(partitionKey(partition));
    if (entered && enteredTo > entered.said) entered.said = enteredTo;
  }
}
