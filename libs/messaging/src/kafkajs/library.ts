import kafkajs from 'kafkajs';

/** kafkajs is CommonJS, and Node finds only some of its names by itself: values are imported from here. */
export const { CompressionTypes, ConfigResourceTypes, Kafka, PartitionAssigners, logLevel } = kafkajs;
