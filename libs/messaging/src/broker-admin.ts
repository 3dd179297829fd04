export interface TopicSpec {
  readonly topic: string;
  readonly partitions: number;
  /** Default: the broker's. */
  readonly replicationFactor?: number;
  readonly config?: Readonly<Record<string, string>>;
}

export interface PartitionRange {
  readonly partition: number;
  /** Log start: the first offset still held. */
  readonly low: bigint;
  /** End: the offset of the next record. */
  readonly high: bigint;
}

export interface CommittedOffset {
  readonly partition: number;
  readonly offset: bigint | undefined;
  readonly metadata: string | undefined;
}

export interface TopicDescription {
  readonly topic: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** All calls end within the connection's `adminTimeoutMs` and reject with `BrokerUnavailableError`. */
export interface BrokerAdmin {
  /** Makes those that are missing, with leaders; existing ones stay as they are. Safe to call from many processes at once. Returns the names made here. */
  ensureTopics(topics: readonly TopicSpec[]): Promise<string[]>;
  deleteTopics(topics: readonly string[]): Promise<void>;
  /** `undefined` for a topic that does not exist. */
  describeTopic(topic: string): Promise<TopicDescription | undefined>;
  topicEndOffsets(topic: string): Promise<PartitionRange[]>;
  committedOffsets(groupId: string, topic: string): Promise<CommittedOffset[]>;
  /** Deletes the records below `offset` of each partition; an offset outside of the log is brought to its bounds. */
  trim(topic: string, partitions: readonly { partition: number; offset: bigint }[]): Promise<void>;
  /** Groups without members; those that do not exist are passed over. */
  deleteGroups(groupIds: readonly string[]): Promise<void>;
  groupMembers(groupId: string): Promise<readonly { memberId: string; clientId: string; host: string }[]>;
}
