import type { CommitResult } from '../broker-consumer.js';
import type { IncomingBatch } from '../broker-records.js';
import { at, text, until, type Harness, type Listener } from './harness.suite.spec.js';

export function consumerContract(harness: Harness): void {
  const three = [0, 1, 2];

  test('is told its partitions before their records', async () => {
    const topic = await harness.topic();
    await harness.send(
      topic,
      three.map((n) => at(n, `${n}`)),
    );
    const order: string[] = [];
    const { consumer, records, assignments } = await harness.listen(
      { groupId: harness.group(), topics: [topic] },
      { onAssigned: () => order.push('assigned'), onRecords: () => order.push('records') },
    );
    await until('all records', () => records.length === 3);
    await consumer.stop();
    expect(order[0]).toBe('assigned');
    expect(assignments[0]?.partitions).toEqual(
      expect.arrayContaining(
        three.map((partition) => ({
          topic,
          partition,
          kept: false,
          committed: undefined,
          metadata: undefined,
        })),
      ),
    );
  });

  test('work on one partition holds up no other', async () => {
    const topic = await harness.topic();
    const { consumer, records } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    const producer = harness.broker.producer();
    await producer.send(topic, [at(0, 'slow')]);
    await until('the slow one', () => records.some((one) => text(one) === 'slow'));
    // "slow" is never done nor committed; the others, and its own partition, go on.
    for (const n of three) {
      await producer.send(topic, [at(n, `quick ${n}`)]);
      await until('a quick one', () => records.some((one) => text(one) === `quick ${n}`), 2_000);
    }
    await producer.close();
    await consumer.stop();
  });

  test('what was not committed before a stop comes again, what was does not', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    await harness.send(
      topic,
      ['a', 'b', 'c'].map((value) => at(0, value)),
    );
    const first = await harness.listen({ groupId, topics: [topic] });
    await until('all records', () => first.records.length === 3);
    const result = await first.consumer.commit([{ topic, partition: 0, offset: 1n, metadata: '3:17;clean' }]);
    expect(result).toEqual({ committed: [{ topic, partition: 0 }], refused: [] });
    await first.consumer.stop();
    const second = await harness.listen({ groupId, topics: [topic] });
    await until('the rest', () => second.records.length === 2);
    await second.consumer.stop();
    expect(second.records.map(text)).toEqual(['b', 'c']);
    expect(second.assignments[0]?.partitions).toEqual([
      { topic, partition: 0, kept: false, committed: 1n, metadata: '3:17;clean' },
    ]);
    expect(await harness.broker.admin.committedOffsets(groupId, topic)).toEqual([
      { partition: 0, offset: 1n, metadata: '3:17;clean' },
    ]);
  });

  test('refuses commits that are foreign, behind, or after its stop', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    await harness.send(
      topic,
      ['a', 'b', 'c'].map((value) => at(0, value)),
    );
    const { consumer, records } = await harness.listen({ groupId, topics: [topic] });
    expect(
      await harness.broker
        .consumer({ groupId, topics: [topic] })
        .commit([{ topic, partition: 0, offset: 1n }]),
    ).toEqual({
      committed: [],
      refused: [{ topic, partition: 0, reason: 'stopping' }],
    });
    await until('all records', () => records.length === 3);
    const mixed = await consumer.commit([
      { topic, partition: 0, offset: 2n },
      { topic, partition: 1, offset: 9n },
      { topic: 'other', partition: 0, offset: 9n },
    ]);
    expect(mixed).toEqual({
      committed: [{ topic, partition: 0 }],
      refused: [
        { topic, partition: 1, reason: 'not_assigned' },
        { topic: 'other', partition: 0, reason: 'not_assigned' },
      ],
    });
    expect((await consumer.commit([{ topic, partition: 0, offset: 1n }])).refused).toEqual([
      { topic, partition: 0, reason: 'behind' },
    ]);
    const stopped = consumer.stop();
    expect((await consumer.commit([{ topic, partition: 0, offset: 3n }])).refused).toEqual([
      { topic, partition: 0, reason: 'stopping' },
    ]);
    await stopped;
    await harness.broker.close();
    expect((await (await harness.open()).admin.committedOffsets(groupId, topic))[0]?.offset).toBe(2n);
  });

  test('a commit under way when a stop begins is made', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    await harness.send(topic, [at(0, 'a')]);
    const { consumer, records } = await harness.listen({ groupId, topics: [topic] });
    await until('the record', () => records.length === 1);
    const commit = consumer.commit([{ topic, partition: 0, offset: 1n }]);
    await consumer.stop();
    expect((await commit).committed).toHaveLength(1);
    expect((await harness.broker.admin.committedOffsets(groupId, topic))[0]?.offset).toBe(1n);
  });

  test('two members share the partitions; one leaves, and no record is missed', async () => {
    const topic = await harness.topic({ partitions: 4 });
    const groupId = harness.group();
    const producer = harness.broker.producer();
    const sent: string[] = [];
    const send = async (): Promise<void> => {
      const values = [0, 1, 2, 3].map((n) => at(n, `${sent.length + n}`));
      sent.push(...values.map(({ value }) => value?.toString() ?? ''));
      await producer.send(topic, values);
    };
    const read = new Set<string>();
    const handlers = {
      onRecords: ({ records }: IncomingBatch) => records.forEach((one) => read.add(text(one))),
    };
    const one = await harness.listen({ groupId, topics: [topic] }, handlers);
    await harness.joined(one, 4);
    await send();
    const other = await harness.listen({ groupId, topics: [topic] }, handlers, await harness.open());
    await harness.joined(other, 2);
    const shared = await harness.joined(one, 2);
    await send();
    expect(one.lost).toHaveLength(2);
    expect(shared.partitions.every(({ kept }) => kept)).toBe(true);
    expect(
      one.lost.every((lost) =>
        other.consumer.assigned().some(({ partition }) => partition === lost.partition),
      ),
    ).toBe(true);
    const foreign = one.lost[0];
    if (foreign)
      expect((await one.consumer.commit([{ ...foreign, offset: 1n }])).refused).toEqual([
        { ...foreign, reason: 'not_assigned' },
      ]);
    await other.consumer.stop();
    await harness.joined(one, 4);
    await send();
    await until('all that was sent', () => read.size === sent.length);
    await one.consumer.stop();
    await producer.close();
  });

  test('the last commit of an assignment is made as it ends, and known to the next owner', async () => {
    const topic = await harness.topic({ partitions: 2 });
    const groupId = harness.group();
    await harness.send(topic, [at(0, 'a'), at(1, 'b')]);
    const commits: Promise<CommitResult>[] = [];
    const handlers = {
      onRebalancing: () =>
        commits.push(
          one.consumer.commit(
            [0, 1].map((partition) => ({ topic, partition, offset: 1n, metadata: 'last' })),
          ),
        ),
    };
    const one: Listener = await harness.listen({ groupId, topics: [topic] }, handlers);
    await until('both records', () => one.records.length === 2);
    const other = await harness.listen({ groupId, topics: [topic] }, {}, await harness.open());
    const { partitions } = await harness.joined(other, 1);
    await harness.joined(one, 1);
    expect((await Promise.all(commits)).flatMap(({ refused }) => refused)).toEqual([]);
    expect(partitions).toMatchObject([{ committed: 1n, metadata: 'last', kept: false }]);
    await Promise.all([one.consumer.stop(), other.consumer.stop()]);
    expect(other.records).toEqual([]);
  });

  test('pauses and resumes a partition, and the others flow on', async () => {
    const topic = await harness.topic();
    const { consumer, records } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    await until('an assignment', () => consumer.assigned().length === 3);
    consumer.pause([
      { topic, partition: 1 },
      { topic: 'other', partition: 0 },
    ]);
    const producer = harness.broker.producer();
    await producer.send(topic, [at(1, 'held')]);
    for (const n of ['x', 'y', 'z']) {
      await producer.send(topic, [at(0, n)]);
      await until('a record of the other partition', () => records.some((one) => text(one) === n));
    }
    expect(records.map(text)).toEqual(['x', 'y', 'z']);
    consumer.resume([{ topic, partition: 1 }]);
    await until('the held record', () => records.length === 4);
    await producer.close();
    await consumer.stop();
  });

  test('tells when it has read to the end', async () => {
    const topic = await harness.topic();
    const { consumer, ends } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    await until('three empty ends', () => new Set(ends.map(({ partition }) => partition)).size === 3);
    await harness.send(topic, [at(2, 'a')]);
    const sentAt = Date.now();
    const end = await until('the end behind the record', () =>
      ends.find(({ partition, offset }) => partition === 2 && offset === 1n),
    );
    expect(end.at).toBeGreaterThanOrEqual(sentAt - 2_000);
    await consumer.stop();
  });

  test('a handler that throws gets the batch again', async () => {
    const topic = await harness.topic({ partitions: 1 });
    await harness.send(topic, [at(0, 'a'), at(0, 'b')]);
    const failed: unknown[] = [];
    let calls = 0;
    const { consumer } = await harness.listen(
      { groupId: harness.group(), topics: [topic] },
      {
        onRecords: ({ records }) => {
          calls += 1;
          expect(records.map(text)).toEqual(['a', 'b']);
          if (calls < 3) throw new Error('not yet');
        },
        onBatchFailed: (_batch, error) => failed.push(error),
      },
    );
    await until('the third call', () => calls === 3);
    await consumer.stop();
    expect(failed).toHaveLength(2);
  });

  test('waits for a topic that does not exist yet', async () => {
    const topic = `${await harness.topic()}.later`;
    const { consumer, records, crashes } = await harness.listen({
      groupId: harness.group(),
      topics: [topic],
    });
    await until('a failed try', () => crashes.length > 0);
    await harness.broker.admin.ensureTopics([{ topic, partitions: 1 }]);
    await harness.send(topic, [at(0, 'a')]);
    await until('the record', () => records.length === 1);
    await consumer.stop();
  });

  test('is healthy while it is a member', async () => {
    const topic = await harness.topic();
    const { consumer } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    await until('health', () => consumer.isHealthy());
    await consumer.stop();
    expect(consumer.isHealthy()).toBe(false);
  });

  test('leaves its group when it stops', async () => {
    const topic = await harness.topic();
    const groupId = harness.group();
    const { consumer } = await harness.listen({ groupId, topics: [topic] });
    expect(await harness.broker.admin.groupMembers(groupId)).toHaveLength(1);
    await consumer.stop();
    expect(await harness.broker.admin.groupMembers(groupId)).toHaveLength(0);
  });
}
