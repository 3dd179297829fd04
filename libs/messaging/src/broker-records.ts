export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A record to be sent. Without `partition` it goes where Kafka's default partitioner would put its key. */
export interface OutgoingRecord {
  readonly key: string | Buffer | null;
  /** `null` is a tombstone: on a compacted topic it removes the key. */
  readonly value: Buffer | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly partition?: number;
}

/** Where the broker put a record. */
export interface Place extends TopicPartition {
  readonly offset: bigint;
}

export interface OutgoingBatch {
  readonly topic: string;
  readonly records: readonly OutgoingRecord[];
}

/** The records of one `send` that went to one partition: `count` of them, the first at `baseOffset`. */
export interface Placed extends TopicPartition {
  readonly baseOffset: bigint;
  readonly count: number;
}

export interface IncomingRecord extends TopicPartition {
  readonly offset: bigint;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** UTF-8; of a header given more than once, the last. */
  readonly headers: Readonly<Record<string, string>>;
  /** Milliseconds since 1970: the broker's, where the topic has `message.timestamp.type=LogAppendTime`. */
  readonly timestamp: number;
}

export interface IncomingBatch extends TopicPartition {
  /** Of the assignment under which the batch was read; see {@link Assignment}. */
  readonly epoch: number;
  /** Ascending offsets, gaps allowed (compaction). Never empty. */
  readonly records: readonly IncomingRecord[];
  /** The partition's end when the batch was fetched. */
  readonly highWatermark: bigint;
}

export const partitionKey = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;
