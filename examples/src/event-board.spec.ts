import { randomUUID } from 'node:crypto';
import { create, toBinary } from '@bufbuild/protobuf';
import { headers, JobEventSchema, QueueEventSchema } from '@baton/contracts';
import { sharedTestStack } from '@baton/local-stack';
import { connectKafka } from '@baton/messaging';
import { EventBoard } from './event-board.js';

const jobEvent = (jobId: string, seq: number, type: string) => ({
  key: jobId,
  value: Buffer.from(
    toBinary(
      JobEventSchema,
      create(JobEventSchema, { jobId, queue: 'orders', type, seq, data: Buffer.from('{}') }),
    ),
  ),
  headers: { [headers.schema]: JobEventSchema.typeName },
});

it('follows jobs and queues, whatever comes twice', async () => {
  const { kafkaBrokers } = await sharedTestStack({ kafka: true });
  const broker = connectKafka({ brokers: kafkaBrokers.split(','), clientId: 'event-board' });
  const topic = `events-${randomUUID()}`;
  await broker.admin.ensureTopics([{ topic, partitions: 2, config: {} }]);
  const id = randomUUID();
  const paused = { queue: 'orders', type: 'queue.paused', data: Buffer.from('{}') };
  await broker.producer().send(topic, [
    jobEvent(id, 1, 'job.accepted'),
    jobEvent(id, 2, 'job.queued'),
    jobEvent(id, 3, 'attempt.started'),
    jobEvent(id, 2, 'job.queued'), // a leader died before it kept its place, and the next sent it again
    jobEvent(id, 3, 'attempt.started'),
    jobEvent(id, 4, 'job.succeeded'),
    {
      key: 'orders',
      value: Buffer.from(toBinary(QueueEventSchema, create(QueueEventSchema, paused))),
      headers: { [headers.schema]: QueueEventSchema.typeName },
    },
  ]);

  const board = new EventBoard();
  const reader = broker.reader({
    topics: [topic],
    maxWaitMs: 50,
    onRecords: ({ records }) => records.forEach((record) => board.take(record)),
  });
  await reader.start();
  await reader.caughtUp;
  await broker.close();
  expect(board.jobs.get(id)).toMatchObject({ type: 'job.succeeded', seq: 4 });
  expect(board.repeated).toBe(2);
  expect(board.queues.get('orders')?.type).toBe('queue.paused');
});
