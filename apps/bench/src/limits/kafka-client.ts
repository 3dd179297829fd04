// The limits are those of the client library itself, not of Baton's port around it.
// eslint-disable-next-line no-restricted-imports -- see above
import { Kafka, logLevel, Partitioners, type Consumer, type Producer } from 'kafkajs';

export type { Consumer, Producer };

/** kafkajs with the settings that Baton uses: idempotent, all acknowledgements, short waits. */
export function openKafka(brokers: string): {
  producer: () => Producer;
  consumer: (groupId: string) => Consumer;
} {
  const kafka = new Kafka({
    brokers: brokers.split(','),
    clientId: 'baton-bench',
    logLevel: logLevel.NOTHING,
  });
  return {
    producer: () =>
      kafka.producer({
        idempotent: true,
        maxInFlightRequests: 1,
        allowAutoTopicCreation: false,
        createPartitioner: Partitioners.DefaultPartitioner,
      }),
    consumer: (groupId) => kafka.consumer({ groupId, maxWaitTimeInMs: 250, allowAutoTopicCreation: false }),
  };
}
