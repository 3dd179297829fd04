import { BrokerUnavailableError } from '../broker.error.js';
import { at, record, text, until, type Harness } from './harness.suite.spec.js';

/** A broker of the test's own, whose process it may stop. */
export interface BrokerProcess {
  start(): Promise<void>;
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** SIGSTOP: alive, connected, silent. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Whatever was done to it: it serves again. */
  mend(): Promise<void>;
}

export function recoveryContract(harness: Harness, server: () => BrokerProcess): void {
  const anyway = async (result: Promise<unknown>): Promise<unknown> =>
    result.then(
      () => undefined,
      (error: unknown) => error,
    );

  test('producer and consumer go on after the broker was away', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const groupId = harness.group();
    const producer = harness.broker.producer({ sendTimeoutMs: 1_500 });
    const { consumer, records, lost } = await harness.listen({
      groupId,
      topics: [topic],
      sessionTimeoutMs: 3_000,
      heartbeatIntervalMs: 500,
    });
    await producer.send(topic, [record('before')]);
    await until('the first record', () => records.length === 1);
    expect((await consumer.commit([{ topic, partition: 0, offset: 1n }])).committed).toHaveLength(1);

    await server().stop();
    const begun = performance.now();
    const error = await anyway(producer.send(topic, [record('while away')]));
    expect(performance.now() - begun).toBeLessThan(4_000);
    expect(error).toBeInstanceOf(BrokerUnavailableError);
    const second = await anyway(producer.send(topic, [record('still away')]));
    expect(second).toMatchObject({ fate: 'not_sent', retryable: true, topic });
    expect(await harness.broker.ping()).toBe(false);
    const commit = await consumer.commit([{ topic, partition: 0, offset: 1n }]).catch(() => undefined);
    expect(commit?.committed ?? []).toEqual([]);
    await until('the loss', () => lost.length > 0);

    await server().start();
    await until(
      'a send succeeds',
      async () => (await anyway(producer.send(topic, [record('back')]))) === undefined,
    );
    await until('its record is read', () => records.some((one) => text(one) === 'back'));
    expect(records.filter((one) => text(one) === 'before')).toHaveLength(1);
    const next = (records.at(-1)?.offset ?? 0n) + 1n;
    await until(
      'a commit succeeds',
      async () => (await consumer.commit([{ topic, partition: 0, offset: next }])).committed.length === 1,
    );
    expect(await harness.broker.ping()).toBe(true);
    await producer.close();
    await consumer.stop();
  }, 90_000);

  test('a consumer and a producer that start while the broker is away begin when it comes', async () => {
    const topic = await harness.topic({ partitions: 1 });
    await server().stop();
    const producer = harness.broker.producer({ sendTimeoutMs: 60_000 });
    const { consumer, records } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    const [sent] = [
      until(
        'a send succeeds',
        async () => (await anyway(producer.send(topic, [record('a')]))) === undefined,
        60_000,
      ),
    ];
    await server().start();
    await sent;
    await until('the record', () => records.length > 0, 60_000);
    await producer.close();
    await consumer.stop();
  }, 120_000);

  test('after a send of unknown fate the next is not taken for its repetition', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const producer = harness.broker.producer({ sendTimeoutMs: 1_000 });
    await producer.send(topic, [record('first')]);
    await server().pause();
    const error = await anyway(producer.send(topic, [record('unknown')]));
    expect(error).toMatchObject({ code: 'unavailable', fate: 'unknown' });
    await server().resume();
    // The broker may now read what lay in the socket, under the sequence number that "unknown" had.
    const place = await until('a send succeeds', async () => {
      try {
        return (await producer.send(topic, [record('next')]))[0];
      } catch {
        return undefined; // the broker is just waking
      }
    });
    await producer.close();
    const { consumer, records } = await harness.listen({ groupId: harness.group(), topics: [topic] });
    const there = await until('the record in its place', () =>
      records.find(({ offset }) => offset === place.offset),
    );
    await consumer.stop();
    expect(text(there)).toBe('next');
  }, 60_000);

  test('a broker that hangs fails a send, a ping and a stop in time', async () => {
    const topic = await harness.topic({ partitions: 1 });
    const broker = await harness.open();
    const producer = broker.producer({ sendTimeoutMs: 800 });
    const { consumer } = await harness.listen(
      { groupId: harness.group(), topics: [topic], stopTimeoutMs: 1_000 },
      {},
      broker,
    );
    await producer.send(topic, [record('a')]);
    await server().pause();
    try {
      const begun = performance.now();
      const sends = [producer.send(topic, [record('b')]), producer.send(topic, [record('c')])];
      const [one, two] = await Promise.all(sends.map(anyway));
      expect([one, two]).toEqual([expect.any(BrokerUnavailableError), expect.any(BrokerUnavailableError)]);
      await Promise.all([consumer.stop(), producer.close()]);
      expect(performance.now() - begun).toBeLessThan(8_000);
      expect(broker.openHandles()).toEqual([]);
    } finally {
      await server().resume();
    }
  }, 60_000);

  test('a broker killed under load loses nothing acknowledged, in the log nor to a reader', async () => {
    const topic = await harness.topic({ partitions: 2 });
    const producer = harness.broker.producer({ sendTimeoutMs: 20_000 });
    const { consumer, records } = await harness.listen({
      groupId: harness.group(),
      topics: [topic],
      sessionTimeoutMs: 3_000,
      heartbeatIntervalMs: 500,
    });
    const acknowledged: string[] = [];
    let go = true;
    const load = (async () => {
      for (let n = 0; go; n += 1) {
        const values = [0, 1].map((partition) => at(partition, `${partition}:${n}`));
        // Sent again until acknowledged, as the relay does.
        while ((await anyway(producer.send(topic, values))) !== undefined);
        acknowledged.push(...values.map(({ value }) => value?.toString() ?? ''));
      }
    })();
    await until('some load', () => acknowledged.length > 200);
    await server().kill();
    await server().start();
    const far = acknowledged.length;
    await until('more load', () => acknowledged.length > far + 200, 60_000);
    go = false;
    await load;
    await until(
      'the reader has all',
      () => {
        const read = new Set(records.map(text));
        return acknowledged.every((value) => read.has(value));
      },
      60_000,
    );
    for (const partition of [0, 1]) {
      const order = records
        .filter((one) => one.partition === partition)
        .map((one) => Number(text(one).split(':')[1]));
      const firsts = [...new Set(order)];
      expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
    }
    await producer.close();
    await consumer.stop();
  }, 150_000);
}
