export type { Broker } from './broker.js';
export type {
  BrokerAdmin,
  CommittedOffset,
  PartitionRange,
  TopicDescription,
  TopicSpec,
} from './broker-admin.js';
export type {
  AssignedPartition,
  Assignment,
  BrokerConsumer,
  CommitRefusal,
  CommitResult,
  ConsumerEvents,
  ConsumerOptions,
  EndReached,
  HandOver,
  OffsetCommit,
  RefusedCommit,
  Sequential,
} from './broker-consumer.js';
export type { BrokerProducer, ProducerOptions } from './broker-producer.js';
export type { BrokerReader, ReaderOptions } from './broker-reader.js';
export {
  partitionKey,
  type IncomingBatch,
  type IncomingRecord,
  type OutgoingBatch,
  type OutgoingRecord,
  type Place,
  type Placed,
  type TopicPartition,
} from './broker-records.js';
export {
  BrokerUnavailableError,
  RecordRefusedError,
  type BrokerErrorOptions,
  type Fate,
} from './broker.error.js';
export { readCommitNote, writeCommitNote, type CommitNote } from './commit-note.js';
export { groupPlaces } from './group-places.js';
export { lagOf } from './lag.js';
export {
  OffsetTracker,
  type CommittableOffset,
  type OffsetTrackerOptions,
  type TakenOffset,
} from './offset-tracker.js';
export { PartitionTerms } from './partition-terms.js';
export { formatTerm, parseTerm, type Term } from './term.js';
export { connectKafka } from './kafkajs/connect-kafka.js';
export type { BrokerLog, BrokerLogLevel, KafkaOptions } from './kafkajs/kafka-options.js';
export { deadLetterOf } from './dead-letter.js';
