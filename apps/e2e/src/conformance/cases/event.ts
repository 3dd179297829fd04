import { randomUUID } from 'node:crypto';
import { fromBinary } from '@bufbuild/protobuf';
import { headers, JobEventSchema, QueueEventSchema, topics } from '@baton/contracts';
import { type BrokerReader, connectKafka, type IncomingRecord } from '@baton/messaging';
import { until } from '../../harness/until.js';
import type { System } from '../system.js';

/** What another service reads on `baton.events`. */
export function eventCases(system: () => System): void {
  let records: IncomingRecord[] = [];
  let broker: ReturnType<typeof connectKafka>;
  let reader: BrokerReader;
  beforeAll(async () => {
    const brokers = system().servers.stack.kafkaBrokers!.split(',');
    broker = connectKafka({ brokers, clientId: 'another-service' });
    await broker.admin.ensureTopics([{ topic: topics.events, partitions: 3, config: {} }]);
    reader = broker.reader({
      topics: [topics.events],
      groupPrefix: `another-service-${randomUUID()}`,
      maxWaitMs: 50,
      onRecords: (batch) => void records.push(...batch.records),
    });
    await reader.start();
    await reader.caughtUp;
  });
  beforeEach(() => (records = []));
  afterAll(() => broker.close());

  const told = (schema: string, key: string): IncomingRecord[] =>
    records.filter((record) => record.headers[headers.schema] === schema && record.key?.toString() === key);
  const ofJob = (id: string): string[] =>
    told(JobEventSchema.typeName, id).map(({ value }) => {
      const { generation, seq, type } = fromBinary(JobEventSchema, value!);
      return `${generation}:${seq} ${type}`;
    });
  const ofQueue = (): string[] =>
    told(QueueEventSchema.typeName, system().queue).map(
      ({ value }) => fromBinary(QueueEventSchema, value!).type,
    );
  const untilTold = (what: () => string[], last: string): Promise<string[]> =>
    until(async () => (what().at(-1)?.endsWith(last) ? what() : undefined), {
      ms: 30_000,
      what: () => `${last} on ${topics.events}; there is ${what().join(', ')}`,
    });

  it('all that happens to a job, in order, with its retry and its replay', async () => {
    const stage = system().stage();
    await system().setQueue({ events: true });
    const { id } = await system().post(
      { script: stage.script },
      { maxAttempts: 2, backoff: { type: 'fixed', delay: 0 } },
    );
    (await stage.next()).throw(new Error('once'));
    (await stage.next()).throw(new Error('twice'));
    await system().untilState(id, 'dead');
    expect((await system().call('POST', `/v1/jobs/${id}/retry`)).status).toBe(202);
    (await stage.next()).return();
    const events = await untilTold(() => ofJob(id), 'job.succeeded');
    const seqs = events.map((event) => event.split(' ')[0]);
    const generations = [0, 1].map((generation) => seqs.filter((seq) => seq!.startsWith(`${generation}:`)));
    for (const [generation, own] of generations.entries())
      expect(own).toEqual(own.map((_, i) => `${generation}:${i + 1}`));
    expect(seqs).toEqual(generations.flat());
    const types = events.map((event) => event.split(' ')[1]);
    for (const type of ['job.accepted', 'attempt.failed', 'job.dead', 'job.replayed'])
      expect(types).toContain(type);
  });

  it('that a draining queue is empty, once', async () => {
    const stage = system().stage();
    await system().post({ script: stage.script });
    const entry = await stage.next();
    await system().call('POST', `/v1/queues/${system().queue}/drain`);
    await system().shiftClock(5_000);
    expect(ofQueue()).not.toContain('queue.drained');
    entry.return();
    const events = await untilTold(ofQueue, 'queue.drained');
    expect(events.filter((type) => type === 'queue.drained')).toHaveLength(1);
  });
}
