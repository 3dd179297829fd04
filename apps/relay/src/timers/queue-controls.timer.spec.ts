import { randomUUID } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { ControlSchema } from '@baton/contracts';
import type { BrokerProducer, IncomingRecord } from '@baton/messaging';
import { moveQueue } from '@baton/persistence';
import { useTestDatabase } from '@baton/persistence/testing';
import { eventually } from '../testing/eventually.js';
import { testBroker, type TestBroker } from '../testing/test-broker.js';
import { QueueControlsTimer } from './queue-controls.timer.js';

const test = useTestDatabase('event');
let kafka: TestBroker;
let producer: BrokerProducer;
let topic: string;
let records: IncomingRecord[];

beforeAll(async () => {
  kafka = await testBroker();
  producer = kafka.broker.producer();
});
afterAll(async () => {
  await producer.close();
  await kafka.close();
});
beforeEach(async () => {
  topic = `control-${randomUUID()}`;
  await kafka.broker.admin.ensureTopics([{ topic, partitions: 1, config: {} }]);
  records = await kafka.follow([topic]);
});

/** What event workers read of the test's queue. */
const told = (): boolean[] =>
  records.flatMap(({ key, value }) => {
    if (value === null) return [];
    const { control } = fromBinary(ControlSchema, value);
    const own = key?.toString() === `queue/${test.tenant.queue}` && control.case === 'queue';
    return own ? [control.value.paused] : [];
  });
const move = (how: 'pause' | 'resume') => moveQueue(test.database.pool, test.tenant.queue, how);

it('tells how each queue stands at the start, and then what has changed', async () => {
  const timer = new QueueControlsTimer(test.database, producer, topic);
  expect((await timer.look()).found).toBe(true);
  expect((await timer.look()).found).toBe(false);
  await move('pause');
  expect((await timer.look()).found).toBe(true);
  await move('resume');
  await timer.look();
  await eventually('all are read', () => told().length === 3);
  expect(told()).toEqual([false, true, false]);
});

it('tells all again when another may have led meanwhile', async () => {
  const timer = new QueueControlsTimer(test.database, producer, topic);
  await move('pause');
  await timer.look();
  timer.forget();
  expect((await timer.look()).found).toBe(true);
  await eventually('both are read', () => told().length === 2);
  expect(told()).toEqual([true, true]);
});

it('what the broker did not take is told at the next look', async () => {
  const timer = new QueueControlsTimer(test.database, producer, `no topic ${topic}`);
  await expect(timer.look()).rejects.toThrow();
  await expect(timer.look()).rejects.toThrow();
});

it('tells each again before the topic has let go of its word', async () => {
  let now = 0;
  const timer = new QueueControlsTimer(test.database, producer, topic, () => now);
  await move('pause');
  await timer.look();
  const { nextMs } = await timer.look();
  now += nextMs;
  expect((await timer.look()).found).toBe(true);
  await eventually('both are read', () => told().length === 2);
  expect(nextMs).toBeLessThan(2 * 86_400_000);
});

it('a leader that was stopped between its look and its word does not leave it at that', async () => {
  const other = new QueueControlsTimer(test.database, producer, topic);
  let stopped = false;
  const stopping: BrokerProducer = {
    send: async (...sent: unknown[]) => {
      if (!stopped) {
        stopped = true;
        await move('resume');
        await other.look();
      }
      return producer.send(...(sent as Parameters<BrokerProducer['send']>)) as never;
    },
    close: () => Promise.resolve(),
  };
  await move('pause');
  await new QueueControlsTimer(test.database, stopping, topic).look();
  await eventually('all are read', () => told().length >= 2);
  await producer.send(topic, [{ key: 'queue/end', value: null }]);
  await eventually('nothing more comes', () => records.at(-1)?.key?.toString() === 'queue/end');
  expect(told()).toEqual([false, true, false]);
});
