import { randomUUID } from 'node:crypto';
import { BrokerUnavailableError, RecordRefusedError } from '../broker.error.js';
import { partitionOfKey } from '../murmur2.js';
import { at, record, text, until, type Harness } from './harness.suite.spec.js';

export function producerContract(harness: Harness): void {
  test('says where each record is, in the order given, and there it is', async () => {
    const topic = await harness.topic();
    const producer = harness.broker.producer();
    const records = Array.from({ length: 60 }, (_, n) => record(`v${n}`, `key-${n % 7}`));
    const first = await producer.send(topic, records.slice(0, 30));
    const second = await producer.send(topic, records.slice(30));
    await producer.close();
    const places = [...first, ...second];
    const { consumer, records: read } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    await until('all records', () => read.length === 60);
    await consumer.stop();
    for (const [n, place] of places.entries()) {
      expect(place.partition).toBe(partitionOfKey(`key-${n % 7}`, 3));
      const there = read.find(
        ({ partition, offset }) => partition === place.partition && offset === place.offset,
      );
      expect(there && text(there)).toBe(`v${n}`);
    }
  });

  test('carries key, headers and tombstones, and the time', async () => {
    const topic = await harness.topic({ config: { 'message.timestamp.type': 'LogAppendTime' } });
    const before = Date.now();
    await harness.send(topic, [
      {
        key: Buffer.from([0, 255]),
        value: Buffer.from([1, 2]),
        headers: { traceparent: '00-aé', 'baton-term': '3:1' },
      },
      { key: 'k', value: null },
    ]);
    const { consumer, records } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    await until('two records', () => records.length === 2);
    await consumer.stop();
    const full = records.find(({ value }) => value !== null);
    expect(full?.key).toEqual(Buffer.from([0, 255]));
    expect(full?.headers).toEqual({ traceparent: '00-aé', 'baton-term': '3:1' });
    expect(full?.timestamp).toBeGreaterThanOrEqual(before - 1_000);
    expect(full?.timestamp).toBeLessThanOrEqual(Date.now() + 1_000);
    expect(records.find(({ key }) => key?.toString() === 'k')?.value).toBeNull();
  });

  test('keeps the order of concurrent calls, and gives each its own places', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const producer = harness.broker.producer();
    const sends = Array.from({ length: 200 }, (_, n) =>
      producer.send(topic, [record(`${n}a`), record(`${n}b`)]),
    );
    const places = await Promise.all(sends);
    await producer.close();
    expect(places.flat().map(({ offset }) => offset)).toEqual(
      Array.from({ length: 400 }, (_, n) => BigInt(n)),
    );
  });

  test('sends several topics at once', async () => {
    const [one, two] = [await harness.topic(), await harness.topic()];
    const producer = harness.broker.producer();
    const places = await producer.send([
      { topic: one, records: [at(1, 'a')] },
      { topic: two, records: [at(2, 'b'), at(2, 'c')] },
    ]);
    await producer.close();
    expect(places).toEqual([
      [{ topic: one, partition: 1, offset: 0n }],
      [
        { topic: two, partition: 2, offset: 0n },
        { topic: two, partition: 2, offset: 1n },
      ],
    ]);
  });

  test('a send larger than a request goes as several, in order', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const producer = harness.broker.producer({ maxRequestBytes: 100_000 });
    const places = await producer.send(
      topic,
      Array.from({ length: 50 }, () => ({ key: null, value: Buffer.alloc(60_000) })),
    );
    await producer.close();
    expect(places.map(({ offset }) => offset)).toEqual(Array.from({ length: 50 }, (_, n) => BigInt(n)));
  });

  test('compresses where asked to', async () => {
    const topic = await harness.topic();
    const producer = harness.broker.producer({ compression: 'gzip' });
    await producer.send(topic, [at(0, 'x'.repeat(10_000))]);
    await producer.close();
    const { consumer, records } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    await until('the record', () => records.length === 1);
    await consumer.stop();
    expect(records.map(text)).toEqual(['x'.repeat(10_000)]);
  });

  test('a record too large is refused for good; the sends beside and after it are not', async () => {
    const topic = await harness.topic({ partitions: 1, config: { 'max.message.bytes': '20000' } });
    const producer = harness.broker.producer();
    const good = producer.send(topic, [record('before')]);
    const bad = producer.send(topic, [{ key: null, value: Buffer.alloc(30_000) }]);
    const after = producer.send(topic, [record('after')]);
    const error = await bad.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RecordRefusedError);
    expect(error).toMatchObject({ code: 'refused_by_broker', retryable: false, topic, fate: 'not_sent' });
    expect(await good).toHaveLength(1);
    expect(await after).toHaveLength(1);
    expect(await producer.send(topic, [record('later')])).toHaveLength(1);
    await producer.close();
  });

  test('a record without key is refused for good by a compacted topic', async () => {
    const topic = await harness.topic({ config: { 'cleanup.policy': 'compact' } });
    const producer = harness.broker.producer();
    await expect(producer.send(topic, [record('keyless')])).rejects.toBeInstanceOf(RecordRefusedError);
    await producer.close();
  });

  test('the records written before a refused one are told', async () => {
    const topic = await harness.topic({ partitions: 1, config: { 'max.message.bytes': '20000' } });
    const producer = harness.broker.producer({ maxRequestBytes: 10_000 });
    const error: unknown = await producer
      .send(topic, [record('x'.repeat(9_000)), record('y'.repeat(30_000))])
      .catch((reason: unknown) => reason);
    await producer.close();
    expect(error).toMatchObject({ placed: [{ topic, partition: 0, offset: 0n }, undefined] });
  });

  test('a missing topic may come: the send is retryable, soon told, and stops no other topic', async () => {
    const missing = `test.${randomUUID()}`;
    const topic = await harness.topic();
    const producer = harness.broker.producer();
    const begun = performance.now();
    const [lost, kept] = await Promise.allSettled([
      producer.send(missing, [record('a')]),
      producer.send(topic, [record('b')]),
    ]);
    expect(performance.now() - begun).toBeLessThan(5_000);
    expect(kept.status).toBe('fulfilled');
    expect(lost).toMatchObject({
      reason: { code: 'unavailable', retryable: true, fate: 'not_sent', topic: missing },
    });
    expect((lost as PromiseRejectedResult).reason).toBeInstanceOf(BrokerUnavailableError);
    await harness.broker.admin.ensureTopics([{ topic: missing, partitions: 1 }]);
    expect(await producer.send(missing, [record('a')])).toEqual([
      { topic: missing, partition: 0, offset: 0n },
    ]);
    await producer.close();
  });

  test('a partition that does not exist is refused with the range', async () => {
    const topic = await harness.topic();
    const producer = harness.broker.producer();
    await expect(producer.send(topic, [at(3, 'x')])).rejects.toThrow(
      `There is no partition 3 in ${topic}; it has 3, 0 to 2.`,
    );
    await producer.close();
  });

  test('a closed producer sends nothing', async () => {
    const producer = harness.broker.producer();
    await producer.close();
    await expect(producer.send('t', [record('x')])).rejects.toThrow('The producer is closed.');
  });
}
