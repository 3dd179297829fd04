import type { IncomingRecord, OutgoingRecord } from '../broker-records.js';
import { text, until, type Harness } from './harness.suite.spec.js';

const entry = (key: string, value: string | null): OutgoingRecord => ({
  key,
  value: value === null ? null : Buffer.from(value),
});

export function readerContract(harness: Harness): void {
  const compacted = () => harness.topic({ partitions: 2, config: { 'cleanup.policy': 'compact' } });

  test('reads all that is there, says so, then follows; each reader for itself', async () => {
    const topic = await compacted();
    await harness.send(topic, [entry('a', '1'), entry('b', '1'), entry('a', '2'), entry('c', null)]);
    const heard: IncomingRecord[][] = [[], []];
    const readers = heard.map((records) =>
      harness.broker.reader({ topics: [topic], onRecords: (batch) => records.push(...batch.records) }),
    );
    await Promise.all(readers.map((reader) => reader.start()));
    await Promise.all(readers.map((reader) => reader.caughtUp));
    for (const records of heard) expect(records.map(text).sort()).toEqual(['1', '1', '2', 'null']);
    await harness.send(topic, [entry('d', 'new')]);
    for (const records of heard)
      await until('the new record', () => records.some((one) => text(one) === 'new'));
    await Promise.all(readers.map((reader) => reader.stop()));
  });

  test('an empty topic is caught up at once', async () => {
    const reader = harness.broker.reader({ topics: [await compacted()], onRecords: () => undefined });
    await reader.start();
    await reader.caughtUp;
    await reader.stop();
  });

  test('a reader that is stopped before has not caught up, and waits for its topic till then', async () => {
    const reader = harness.broker.reader({
      topics: [`${await compacted()}.missing`],
      onRecords: () => undefined,
    });
    await reader.start();
    await reader.stop();
    await expect(reader.caughtUp).rejects.toThrow('stopped before it had caught up');
  });
}
