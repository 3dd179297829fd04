import type { Assignment, CommitRefusal, OffsetCommit } from '../broker-consumer.js';
import { partitionKey, type TopicPartition } from '../broker-records.js';

interface Held {
  readonly topicPartition: TopicPartition;
  readonly kept: boolean;
  /** Where the next batch must begin; `undefined` when it may begin anywhere. */
  position: bigint | undefined;
  committed: bigint | undefined;
  /** A batch was refused for beginning past the position, and the position sought again. */
  sought: boolean;
}

export interface Joined {
  readonly epoch: number;
  readonly lost: TopicPartition[];
  readonly held: TopicPartition[];
}

/** What a look-up of committed offsets gave, by {@link partitionKey}. */
export type CommittedByKey = ReadonlyMap<
  string,
  { offset: bigint | undefined; metadata: string | undefined }
>;

/**
 * Which partitions are ours, and how far each is read and committed.
 *
 * none → joined (partitions known) → settled (committed offsets known; only now are batches taken and
 * commits made) → joined again … → none (crash, stop).
 * Always: a batch is taken only where the partition stands, so that no record between two batches is
 * missed; a committed offset never falls.
 */
export class Holdings {
  private held = new Map<string, Held>();
  private memberId: string | undefined;
  private joins = 0;
  private isSettled = false;

  get epoch(): number {
    return this.joins;
  }

  get settled(): boolean {
    return this.isSettled;
  }

  /** A partition is kept if it was ours under the same member id: the broker forgets an id with the membership. */
  joined(memberId: string, partitions: readonly TopicPartition[]): Joined {
    const before = this.held;
    const sameMember = memberId === this.memberId;
    this.held = new Map(
      partitions.map((topicPartition) => {
        const key = partitionKey(topicPartition);
        return [
          key,
          {
            topicPartition,
            kept: sameMember && before.has(key),
            position: undefined,
            committed: undefined,
            sought: false,
          },
        ];
      }),
    );
    this.memberId = memberId;
    this.joins += 1;
    this.isSettled = false;
    const lost = [...before.values()]
      .map(({ topicPartition }) => topicPartition)
      .filter((old) => !this.held.get(partitionKey(old))?.kept);
    return { epoch: this.joins, lost, held: this.partitions() };
  }

  settle(committed: CommittedByKey): Assignment {
    for (const [key, held] of this.held) {
      held.committed = committed.get(key)?.offset;
      held.position = held.committed;
    }
    this.isSettled = true;
    return {
      epoch: this.joins,
      partitions: [...this.held].map(([key, { topicPartition, kept, committed: offset }]) => ({
        ...topicPartition,
        kept,
        committed: offset,
        metadata: committed.get(key)?.metadata,
      })),
    };
  }

  /** Everything is lost: returns what was held. */
  clear(): TopicPartition[] {
    const lost = this.partitions();
    this.held.clear();
    this.memberId = undefined;
    this.isSettled = false;
    return lost;
  }

  partitions(): TopicPartition[] {
    return [...this.held.values()].map(({ topicPartition }) => topicPartition);
  }

  has(partition: TopicPartition): boolean {
    return this.held.has(partitionKey(partition));
  }

  position(partition: TopicPartition): bigint | undefined {
    return this.held.get(partitionKey(partition))?.position;
  }

  moveTo(partition: TopicPartition, position: bigint): void {
    const held = this.held.get(partitionKey(partition));
    if (!held) return;
    held.position = position;
    held.sought = false;
  }

  /**
   * Whether a batch that was fetched at `offset` may be taken: `take`, `drop` (not ours), or the
   * offset to seek. Past the position it is a batch of an earlier assignment, or records were deleted
   * under us; seeking tells: in the second case the next batch begins there again, and is taken.
   */
  judge(partition: TopicPartition, offset: bigint): 'take' | 'drop' | bigint {
    const held = this.held.get(partitionKey(partition));
    if (!held) return 'drop';
    if (held.position === undefined || offset <= held.position || held.sought) return 'take';
    held.sought = true;
    return held.position;
  }

  refusal({ offset, ...partition }: OffsetCommit): CommitRefusal | undefined {
    const held = this.held.get(partitionKey(partition));
    if (!held) return 'not_assigned';
    return held.committed !== undefined && offset < held.committed ? 'behind' : undefined;
  }

  markCommitted({ offset, ...partition }: OffsetCommit): void {
    const held = this.held.get(partitionKey(partition));
    if (held && (held.committed === undefined || offset > held.committed)) held.committed = offset;
  }
}
