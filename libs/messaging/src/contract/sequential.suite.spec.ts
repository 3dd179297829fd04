import { setTimeout as delay } from 'node:timers/promises';
import { at, text, until, type Harness } from './harness.suite.spec.js';

export function sequentialContract(harness: Harness): void {
  test('handles one batch after the other and commits each', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    const read: string[] = [];
    let running = 0;
    const consumer = harness.broker.consumer({ groupId, topics: [topic] });
    await consumer.runSequential({
      onBatch: async ({ records }) => {
        running += 1;
        expect(running).toBe(1);
        await delay(5);
        read.push(...records.map(text));
        running -= 1;
      },
    });
    const producer = harness.broker.producer();
    for (let n = 0; n < 10; n += 1) await producer.send(topic, [at(0, `${n}`)]);
    await producer.close();
    await until(
      'the commit of all',
      async () => (await harness.broker.admin.committedOffsets(groupId, topic))[0]?.offset === 10n,
    );
    await consumer.stop();
    expect(read).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  });

  test('a batch that fails comes again, in order, and is not committed before', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    await harness.send(topic, [at(0, 'a'), at(0, 'b')]);
    const read: string[] = [];
    const failures: unknown[] = [];
    const consumer = harness.broker.consumer({ groupId, topics: [topic] });
    await consumer.runSequential({
      onBatch: ({ records }) => {
        read.push(...records.map(text));
        return failures.length < 2 ? Promise.reject(new Error('down')) : Promise.resolve();
      },
      onBatchFailed: (_batch, error) => failures.push(error),
    });
    await until(
      'the commit',
      async () => (await harness.broker.admin.committedOffsets(groupId, topic))[0]?.offset === 2n,
    );
    await consumer.stop();
    expect(read).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });

  test('a batch longer than the session keeps the membership and runs once', async () => {
    const topic = await harness.topic({ partitions: 1 });
    await harness.send(topic, [at(0, 'long')]);
    const calls: string[] = [];
    let joins = 0;
    let finished = false;
    const consumer = harness.broker.consumer({
      groupId: harness.group(),
      topics: [topic],
      sessionTimeoutMs: 2_000,
      heartbeatIntervalMs: 300,
    });
    await consumer.runSequential({
      onAssigned: () => (joins += 1),
      onBatch: async ({ records }) => {
        calls.push(...records.map(text));
        await delay(4_000);
        finished = true;
      },
    });
    await until('the end of the batch', () => finished);
    await consumer.stop();
    expect({ calls, joins }).toEqual({ calls: ['long'], joins: 1 });
  });

  test('a stop waits for the batch under way and commits it', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    await harness.send(topic, [at(0, 'a')]);
    let begun = false;
    const consumer = harness.broker.consumer({ groupId, topics: [topic] });
    await consumer.runSequential({
      onBatch: async () => {
        begun = true;
        await delay(700);
      },
    });
    await until('the batch', () => begun);
    await consumer.stop();
    expect((await harness.broker.admin.committedOffsets(groupId, topic))[0]?.offset).toBe(1n);
  });
}
