import { fromBinary } from '@bufbuild/protobuf';
import { limits, Outcome, WorkerReportSchema, type WorkerEvent } from '@baton/contracts';
import { RecordRefusedError, type BrokerProducer, type OutgoingRecord } from '@baton/messaging';
import { uuidv7 } from 'uuidv7';
import { silentLog } from '../testing/silent-log.js';
import { Reporter } from './reporter.js';
import { ended, heartbeat, registered, type Spoken } from './words.js';

/** A broker of the test's own: it takes records of at most so many bytes, and holds them back until `open` is called. */
class Broker implements BrokerProducer {
  readonly taken: { bytes: number; events: WorkerEvent[] }[] = [];
  private gate = Promise.withResolvers<void>();

  constructor(private readonly mostBytes = 1_000_000) {}

  open = (): void => this.gate.resolve();

  send: BrokerProducer['send'] = async (_topic: unknown, records: readonly OutgoingRecord[] = []) => {
    await this.gate.promise;
    for (const { value } of records) {
      const bytes = value?.length ?? 0;
      if (bytes > this.mostBytes) throw new RecordRefusedError(`${bytes} bytes are too many`);
      this.taken.push({ bytes, events: fromBinary(WorkerReportSchema, value ?? new Uint8Array()).events });
    }
    return [];
  };

  close = async (): Promise<void> => {};
}

const spoken = (): Spoken => ({
  jobId: uuidv7(),
  attempt: 1,
  executionId: uuidv7(),
  tenantId: uuidv7(),
  queue: 'q',
  orderingKey: undefined,
  follows: false,
});
const success = (bytes: number) =>
  ended(spoken(), 0, { kind: 'succeeded', result: { kind: 'json', json: 'x'.repeat(bytes) } });
const reporterOf = (broker: Broker, onRoom = () => undefined as void): Reporter =>
  new Reporter('worker', broker, { log: silentLog, onRoom });

it('says all in order, as many words in a record as fit', async () => {
  const broker = new Broker();
  const reporter = reporterOf(broker);
  const acked: number[] = [];
  for (let n = 0; n < 1_200; n++) reporter.say(heartbeat([String(n)]), () => acked.push(n));
  expect(acked).toEqual([]);
  broker.open();
  await reporter.acked();
  expect(broker.taken.map(({ events }) => events.length)).toEqual([limits.batch, limits.batch, 200]);
  const said = broker.taken.flatMap(({ events }) =>
    events.map(({ event }) => (event.case === 'heartbeat' ? event.value.executionIds[0] : '')),
  );
  expect(said).toEqual(Array.from({ length: 1_200 }, (_, n) => String(n)));
  expect(acked).toHaveLength(1_200);
});

it('keeps a record below half a megabyte', async () => {
  const broker = new Broker();
  broker.open();
  const reporter = reporterOf(broker);
  for (let n = 0; n < 6; n++) reporter.say(success(200 * 1024));
  await reporter.acked();
  expect(broker.taken.length).toBeGreaterThan(2);
  for (const { bytes } of broker.taken) expect(bytes).toBeLessThanOrEqual(512 * 1024);
});

it('turns an outcome that the broker refuses for good into a failure, and loses no other', async () => {
  const broker = new Broker(50_000);
  broker.open();
  const reporter = reporterOf(broker);
  reporter.say(registered('host', 1, ['q']));
  reporter.say(success(10));
  reporter.say(success(60_000));
  reporter.say(success(20));
  await reporter.acked();
  const outcomes = broker.taken.flatMap(({ events }) =>
    events.flatMap(({ event }) => (event.case === 'ended' ? [event.value] : [])),
  );
  expect(outcomes.map(({ outcome }) => outcome)).toEqual([
    Outcome.SUCCEEDED,
    Outcome.FAILED,
    Outcome.SUCCEEDED,
  ]);
  expect(outcomes[1]?.failure).toMatchObject({
    code: 'result_not_storable',
    retryable: false,
    message: expect.stringContaining('too many'),
  });
});

it('is full while too much is unsaid, and says when there is room again', async () => {
  const broker = new Broker();
  let room = 0;
  const reporter = reporterOf(broker, () => void room++);
  for (let n = 0; n < 40; n++) reporter.say(success(200 * 1024));
  expect(reporter.full).toBe(true);
  broker.open();
  await reporter.acked();
  expect(reporter.full).toBe(false);
  expect(room).toBe(1);
});
