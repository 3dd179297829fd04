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
    const { control } = fromBinary(ControlSchema, value!);
    const own = key?.toString() === `queue/${test.tenant.queue}` && control.case === 'queue';
    return own ? [control.value.paused] : [];
  });
const move = (how: 'pause' | 'resume') => moveQueue(test.database.pool, test.tenant.queue, how);

it('tells how each queue stands at the start, and then what has changed', async () => {
  const timer = new QueueControlsTimer(test.database, producer, topic);
  expect(await timer.look()).toEqual({ found: true, nextMs: undefined });
  expect(await timer.look()).toEqual({ found: false, nextMs: undefined });
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
