import { jobGroup, jobTopic } from '@baton/contracts';
import { useTestDatabase } from '@baton/persistence/testing';
import { silent } from '../testing/replica.js';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { TrimTimer } from './trim.timer.js';

const test = useTestDatabase('event');
let kafka: TestBroker;
beforeAll(async () => {
  kafka = await testBroker();
});
afterAll(() => kafka.close());

it('deletes what the workers of a queue have committed, and nothing that they have not', async () => {
  const { queue } = test.tenant;
  const topic = jobTopic(queue, 'normal');
  const { admin } = kafka.broker;
  await kafka.makeTopics(queue);
  const timer = new TrimTimer(test.database, admin, silent);
  const lows = async (of = topic): Promise<bigint[]> =>
    (await admin.topicEndOffsets(of)).map(({ low }) => low);
  const producer = kafka.broker.producer();
  const records = Array.from({ length: 10 }, (_, i) => ({
    key: null,
    value: Buffer.from('x'),
    partition: i % 2,
  }));
  for (const name of [topic, jobTopic(queue, 'low')]) await producer.send(name, records);
  await producer.close();
  // Nobody has read anything yet.
  expect((await timer.look()).found).toBe(false);
  expect(await lows()).toEqual([0n, 0n]);

  const read = Promise.withResolvers<void>();
  let seen = 0;
  const onRecords = (batch: { records: readonly unknown[] }): void => {
    seen += batch.records.length;
    if (seen === records.length) read.resolve();
  };
  const worker = kafka.broker.consumer({ groupId: jobGroup(queue), topics: [topic], maxWaitMs: 50 });
  await worker.run({ onRecords });
  await read.promise;
  expect((await worker.commit([{ topic, partition: 0, offset: 3n }])).refused).toEqual([]);
  expect(await timer.look()).toEqual({ found: true, nextMs: 60_000 });
  expect(await lows()).toEqual([3n, 0n]);
  expect((await timer.look()).found).toBe(false);
  expect(await lows(jobTopic(queue, 'low'))).toEqual([0n, 0n]);
  await worker.stop();
});
