import { randomUUID } from 'node:crypto';
import { lagOf } from '../lag.js';
import { at, record, text, until, type Harness } from './harness.suite.spec.js';

export function adminContract(harness: Harness): void {
  test('makes topics once, though asked by many at once', async () => {
    const topics = [1, 2].map(() => ({
      topic: `test.${randomUUID()}`,
      partitions: 5,
      config: { 'retention.ms': '-1' },
    }));
    const others = await Promise.all([1, 2, 3].map(() => harness.open()));
    const made = await Promise.all(
      [harness.broker, ...others].map(({ admin }) => admin.ensureTopics(topics)),
    );
    expect(made.flat().sort()).toEqual(topics.map(({ topic }) => topic).sort());
    for (const { topic } of topics) {
      const described = await harness.broker.admin.describeTopic(topic);
      expect(described?.partitions).toBe(5);
      expect(described?.config['retention.ms']).toBe('-1');
    }
    expect(await harness.broker.admin.ensureTopics(topics)).toEqual([]);
  });

  test('knows nothing of a topic that does not exist, nor after its deletion', async () => {
    expect(await harness.broker.admin.describeTopic(`test.${randomUUID()}`)).toBeUndefined();
    const topic = await harness.topic();
    await harness.broker.admin.deleteTopics([topic, `test.${randomUUID()}`]);
    await until(
      'the topic is gone',
      async () => (await harness.broker.admin.describeTopic(topic)) === undefined,
    );
    expect(await harness.topic()).toBeDefined();
  });

  test('an impossible topic is an error that says why', async () => {
    await expect(harness.broker.admin.ensureTopics([{ topic: 'no/slash', partitions: 1 }])).rejects.toThrow(
      /no\/slash/,
    );
  });

  test('tells ends and trims, within the bounds of the log', async () => {
    const topic = await harness.topic({ partitions: 2 });
    await harness.send(
      topic,
      ['a', 'b', 'c', 'd'].map((value) => at(0, value)),
    );
    const { admin } = harness.broker;
    expect(await admin.topicEndOffsets(topic)).toEqual([
      { partition: 0, low: 0n, high: 4n },
      { partition: 1, low: 0n, high: 0n },
    ]);
    await admin.trim(topic, [
      { partition: 0, offset: 2n },
      { partition: 1, offset: 7n },
      { partition: 9, offset: 1n },
    ]);
    await admin.trim(topic, [{ partition: 0, offset: 1n }]);
    expect((await admin.topicEndOffsets(topic))[0]).toEqual({ partition: 0, low: 2n, high: 4n });
    const { consumer, records } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    await until('what is left', () => records.length === 2);
    await consumer.stop();
    expect(records.map(text)).toEqual(['c', 'd']);
  });

  test('a consumer behind a trim goes on at the start of the log', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    await harness.send(
      topic,
      ['a', 'b', 'c', 'd'].map((value) => at(0, value)),
    );
    const first = await harness.listen({ groupId, topics: [topic] });
    await until('all records', () => first.records.length === 4);
    await first.consumer.commit([{ topic, partition: 0, offset: 1n }]);
    await first.consumer.stop();
    await harness.broker.admin.trim(topic, [{ partition: 0, offset: 3n }]);
    const second = await harness.listen({ groupId, topics: [topic] });
    await until('what is left', () => second.records.length > 0);
    expect(second.records.map(text)).toEqual(['d']);
    await second.consumer.commit([{ topic, partition: 0, offset: 4n }]);
    await second.consumer.stop();
    const [committed] = await harness.broker.admin.committedOffsets(groupId, topic);
    const [range] = await harness.broker.admin.topicEndOffsets(topic);
    expect(lagOf({ low: range?.low ?? 0n, high: range?.high ?? 0n, committed: committed?.offset })).toBe(0n);
  });

  test('no offsets are known of a group that never was, and its deletion is no error', async () => {
    const topic = await harness.topic({ partitions: 1 });
    expect(await harness.broker.admin.committedOffsets(harness.group(), topic)).toEqual([
      { partition: 0, offset: undefined, metadata: undefined },
    ]);
    await harness.broker.admin.deleteGroups([harness.group()]);
  });

  test('deletes a group with its offsets, unless it has members', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    await harness.send(topic, [record('a')]);
    const { consumer, records } = await harness.listen({ groupId, topics: [topic] });
    await until('the record', () => records.length === 1);
    await consumer.commit([{ topic, partition: 0, offset: 1n }]);
    await expect(harness.broker.admin.deleteGroups([groupId])).rejects.toMatchObject({ code: 'unavailable' });
    await consumer.stop();
    await harness.broker.admin.deleteGroups([groupId]);
    expect(await harness.broker.admin.committedOffsets(groupId, topic)).toEqual([
      { partition: 0, offset: undefined, metadata: undefined },
    ]);
  });

  test('is connected once a request has succeeded', async () => {
    const broker = await harness.open();
    expect(broker.isConnected()).toBe(false);
    expect(await broker.ping()).toBe(true);
    expect(broker.isConnected()).toBe(true);
    expect(broker.isConnected(-1)).toBe(false);
  });
}
