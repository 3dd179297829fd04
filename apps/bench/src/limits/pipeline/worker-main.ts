/** Second process of the bare pipeline: an empty handler, whose outcomes go out many to a record. */
import { serveParent } from '../../processes/serve-parent.js';
import { batchRows } from '../in-batches.js';
import { openKafka, type Consumer, type Producer } from '../kafka-client.js';
import { Gatherer } from './gatherer.js';
import type { BareOutcome, PipelinePlace } from './pipeline-place.js';

let producer: Producer;
let consumer: Consumer;

serveParent({
  async open({ brokers, jobTopic, outcomeTopic }: PipelinePlace): Promise<void> {
    const kafka = openKafka(brokers);
    producer = kafka.producer();
    consumer = kafka.consumer(jobTopic);
    await Promise.all([producer.connect(), consumer.connect()]);
    const send = async (outcomes: BareOutcome[]): Promise<void> => {
      await producer.send({
        topic: outcomeTopic,
        acks: -1,
        messages: [{ key: 'worker', value: JSON.stringify(outcomes) }],
      });
    };
    const outcomes = new Gatherer(batchRows, send, fail);
    const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
    await consumer.subscribe({ topic: jobTopic, fromBeginning: true });
    await consumer.run({
      autoCommitInterval: 1_000,
      eachBatch: async ({ batch }) => {
        const results = batch.messages.map(async ({ key, value }): Promise<BareOutcome> => [
          String(key),
          await handle(value),
        ]);
        outcomes.add(await Promise.all(results));
      },
    });
    await joined;
  },
  async close(): Promise<void> {
    await consumer.disconnect();
    await producer.disconnect();
  },
});

async function handle(payload: Buffer | null): Promise<string> {
  return JSON.stringify((JSON.parse(String(payload)) as { n: number }).n);
}

function fail(error: unknown): never {
  console.error(error);
  process.exit(1);
}
