import { randomUUID } from 'node:crypto';
import { create, fromBinary, toBinary, type MessageInitShape } from '@bufbuild/protobuf';
import {
  ControlSchema,
  headers,
  jobGroup,
  JobRecordSchema,
  jobTopic,
  jobTopicSettings,
  jobTopics,
  systemTopics,
  topics,
  WorkerReportSchema,
  type ExecutionStarted,
  type WorkerEvent,
} from '@baton/contracts';
import { sharedTestStack } from '@baton/local-stack';
import { connectKafka, type Broker, type BrokerProducer, type BrokerReader } from '@baton/messaging';
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import { uuidv7 } from 'uuidv7';
import type { JobContext } from '../handler/job-context.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import { RethrowFilter } from '../handler/rethrow.filter.js';
import { silentLog } from '../testing/silent-log.js';
import { EventServer } from './event-server.js';

let broker: Broker;
let outcomes: BrokerReader;
let queue: string;
/** Entries of handlers, and what was said of this test's jobs, in order. */
let entered: string[];
/** Those of which the handler was told that it may have been entered before. */
let redelivered: string[];
const said: WorkerEvent['event'][] = [];
/** What the test answers in the inbox's place, unless it does so itself later. */
let answers: (started: ExecutionStarted, workerId: string) => 'granted' | 'refused' | undefined;
let producer: BrokerProducer;
const answering: Promise<void>[] = [];
let gate: PromiseWithResolvers<void>;
const open: NestMicroservice[] = [];
const servers: EventServer[] = [];

beforeAll(async () => {
  const { kafkaBrokers } = await sharedTestStack({ kafka: true });
  broker = connectKafka({
    brokers: kafkaBrokers.split(','),
    clientId: `careful-${randomUUID().slice(0, 8)}`,
  });
  await broker.admin.ensureTopics(systemTopics);
  producer = broker.producer();
  outcomes = broker.reader({
    topics: [topics.outcomes],
    maxWaitMs: 50,
    onRecords: ({ records }) => {
      for (const { value } of records) {
        const { workerId, events } = fromBinary(WorkerReportSchema, value ?? new Uint8Array());
        for (const { event } of events) {
          said.push(event);
          if (event.case !== 'started' || event.value.execution?.queue !== queue || !event.value.asks)
            continue;
          const kind = answers(event.value, workerId);
          if (kind) answering.push(answer([kind, event.value, workerId]));
        }
      }
    },
  });
  await outcomes.start();
  await outcomes.caughtUp;
}, 60_000);
beforeEach(async () => {
  queue = `q-${randomUUID()}`;
  entered = [];
  redelivered = [];
  answers = () => 'granted';
  gate = Promise.withResolvers();
  await broker.admin.ensureTopics(jobTopicSettings(queue));
});
afterEach(async () => {
  gate.resolve();
  for (const app of open.splice(0)) await app.close();
});
afterAll(async () => {
  await outcomes.stop();
  await Promise.all(answering);
  await producer.close();
  await broker.close();
});

type Answer = [kind: 'granted' | 'refused', question: ExecutionStarted, workerId: string];

/** In one batch. */
async function answer(...given: Answer[]): Promise<void> {
  const records = given.map(([kind, { execution }, workerId]) => {
    const { jobId = '', attempt = 0, executionId = '' } = execution ?? {};
    const control: MessageInitShape<typeof ControlSchema>['control'] =
      kind === 'granted'
        ? { case: kind, value: { executionId, workerId } }
        : { case: kind, value: { jobId, attempt, executionId, workerId } };
    return {
      key: executionId,
      value: Buffer.from(toBinary(ControlSchema, create(ControlSchema, { control }))),
    };
  });
  await producer.send(topics.control, records);
}

async function startWorker(wrapped: Broker = broker): Promise<NestMicroservice> {
  @Controller()
  class Handlers {
    @JobHandler(queue)
    async run(payload: string | null, { jobId, redelivered: again }: JobContext): Promise<void> {
      entered.push(jobId);
      if (again) redelivered.push(jobId);
      if (payload === 'wait') await gate.promise;
    }
  }
  const strategy = new EventServer({
    broker: wrapped,
    log: silentLog,
    concurrency: 4,
    graceMs: 50,
    letGoMs: 50,
  });
  servers.push(strategy);
  const root = { module: class Root {}, controllers: [Handlers] };
  const options = { strategy, logger: false, abortOnError: false } as const;
  const app = (await NestFactory.createMicroservice(root, options)) as NestMicroservice;
  app.useGlobalFilters(new RethrowFilter());
  await app.listen();
  open.push(app);
  return app;
}

async function publish(
  ...jobs: { payload?: unknown; careful?: boolean; partition?: number }[]
): Promise<string[]> {
  const ids = jobs.map(() => uuidv7());
  const tenantId = randomUUID();
  const records = jobs.map(({ payload = null, careful = false, partition = 0 }, i) => {
    const job = { jobId: ids[i]!, tenantId, queue, attempt: 1, maxAttempts: 5, timeoutMs: 60_000n, careful };
    const value = toBinary(
      JobRecordSchema,
      create(JobRecordSchema, { ...job, payload: Buffer.from(JSON.stringify(payload)) }),
    );
    return {
      key: ids[i]!,
      partition,
      value: Buffer.from(value),
      headers: { [headers.term]: '7:1', [headers.schema]: '1' },
    };
  });
  await producer.send(jobTopic(queue, 'normal'), records);
  return ids;
}

/** A worker of the group that was killed: this is the last that it committed. */
async function leftBehind(offset: bigint, metadata: string): Promise<void> {
  const assigned = Promise.withResolvers<void>();
  const dead = broker.consumer({ groupId: jobGroup(queue), topics: jobTopics(queue), maxWaitMs: 50 });
  await dead.run({ onRecords: () => assigned.resolve() });
  await assigned.promise;
  const commit = { topic: jobTopic(queue, 'normal'), partition: 0, offset, metadata };
  expect((await dead.commit([commit])).refused).toEqual([]);
  await dead.stop();
}

const startedOf = (ids: readonly string[]) =>
  said.flatMap((event) =>
    event.case === 'started' && ids.includes(event.value.execution?.jobId ?? '')
      ? [{ jobId: event.value.execution?.jobId, alone: event.value.alone }]
      : [],
  );
const endedOf = (ids: readonly string[]) =>
  said.flatMap((event) =>
    event.case === 'ended' && ids.includes(event.value.execution?.jobId ?? '')
      ? [event.value.execution?.jobId]
      : [],
  );
async function committed() {
  const offsets = await broker.admin.committedOffsets(jobGroup(queue), jobTopic(queue, 'normal'));
  return offsets.find(({ partition }) => partition === 0);
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

it('runs a job that is to run alone when nothing else does, announced before, and begins nothing beside it', async () => {
  const ids = await publish({ payload: 'wait' }, { careful: true }, {});
  const [first, careful, last] = ids;
  await startWorker();
  await until('the first runs, and is announced', () => startedOf(ids).length === 1);
  expect(entered).toEqual([first]);
  gate.resolve();
  await until('all have ended', () => endedOf(ids).length === 3);
  expect(entered).toEqual([first, careful, last]);
  expect(startedOf(ids)).toEqual([
    { jobId: first, alone: false },
    { jobId: careful, alone: true },
  ]);
});

it('enters nothing before the broker knows how far it may, and says at a drain that nothing is left', async () => {
  const worker = await startWorker();
  const ids = await publish({}, {});
  await until('both have ended', () => endedOf(ids).length === 2);
  await until('both are committed', async () => (await committed())?.offset === 2n);
  expect((await committed())?.metadata).toBe('v1 entered=1000 terms=7:1');
  open.length = 0;
  await worker.close();
  expect((await committed())?.metadata).toBe('v1 entered=clean terms=7:1');
});

it('begins one at a time, each announced before, what the worker before it may have died of', async () => {
  const ids = await publish({ payload: 'wait' }, {}, {}, {}, {});
  await leftBehind(1n, 'v1 entered=4 terms=7:1');
  let held: (() => void)[] | undefined = [];
  const gated = new Proxy(broker, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'producer') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      return (...args: Parameters<Broker['producer']>) => {
        const producer = target.producer(...args);
        return {
          send: async (...sent: Parameters<typeof producer.send>) => {
            if (entered.length === 0) await new Promise<void>((go) => (held ? held.push(go) : go()));
            return producer.send(...sent);
          },
          close: () => producer.close(),
        };
      };
    },
  });
  await startWorker(gated);
  await until('it wants to register', () => held!.length === 1);
  held.splice(0).forEach((go) => go());
  await until('it wants to announce the first', () => held!.length === 1);
  expect(entered).toEqual([]);
  held.forEach((go) => go());
  held = undefined;
  await until('all have ended', () => endedOf(ids).length === 4);
  expect(entered).toEqual(ids.slice(1));
  expect(redelivered).toEqual(ids.slice(1, 4));
  expect(startedOf(ids)).toEqual(ids.slice(1, 4).map((jobId) => ({ jobId, alone: false })));
});

it('enters nothing that another may have had before it is told that it owns it, and nothing that it does not own', async () => {
  const ids = await publish({}, {}, {});
  await leftBehind(0n, 'v1 entered=2 terms=7:1');
  const asked: [ExecutionStarted, string][] = [];
  answers = (...question) => void asked.push(question);
  await startWorker();
  await until('two are announced and committed', async () => (await committed())?.offset === 2n);
  expect(startedOf(ids)).toHaveLength(2);
  expect(entered).toEqual([]);
  answers = () => 'granted';
  await answer(['granted', ...asked[1]!], ['refused', ...asked[0]!]);
  await until('all but the first have ended', () => endedOf(ids).length === 2);
  expect(entered).toEqual(ids.slice(1));
  expect(startedOf(ids).map(({ jobId }) => jobId)).toEqual(ids.slice(0, 2));
  await until('all are committed', async () => (await committed())?.offset === 3n);
});

it('asks about as many at once as it has slots for, and forgets one that is refused after it was granted', async () => {
  const ids = await publish(...Array.from({ length: 6 }, () => ({ payload: 'wait' })));
  await leftBehind(0n, 'v1 entered=6 terms=7:1');
  const asked: [ExecutionStarted, string][] = [];
  answers = (...question) => void asked.push(question);
  await startWorker();
  await until('four are asked about', () => asked.length === 4);
  expect(entered).toEqual([]);
  const [first, second, ...others] = asked;
  const granted = others.map((question): Answer => ['granted', ...question]);
  await answer(['granted', ...second!], ['refused', ...second!], ['granted', ...first!], ...granted);
  const known = [ids[0], ...ids.slice(2)];
  await until('the slot of the refused one has another asked about', () => asked.length === 5);
  await answer(['granted', ...asked[4]!]);
  await until('four run', () => entered.length === 4);
  expect(asked).toHaveLength(5);
  answers = () => 'granted';
  gate.resolve();
  await until('all but the refused one have ended', () => endedOf(ids).length === 5);
  expect(entered).toEqual(known);
});

it('does not suspect what a worker left in good order, nor what came after it', async () => {
  const ids = await publish({}, {}, {});
  await leftBehind(1n, 'v1 entered=clean terms=7:1');
  await startWorker();
  await until('both have ended', () => endedOf(ids).length === 2);
  expect(startedOf(ids)).toEqual([]);
});

it('begins what comes after a rebalance at which it had read nothing, and so could commit nothing', async () => {
  const left = await startWorker();
  const before = await publish({});
  await until('the first has ended and is committed', async () => (await committed())?.offset === 1n);
  open.length = 0;
  await left.close();
  await startWorker();
  await until('one waits for records', () => servers.at(-1)!.healthy);
  await startWorker();
  await until('both do', () => servers.slice(-2).every(({ healthy }) => healthy));
  const after = await publish(...Array.from({ length: 12 }, (_, partition) => ({ partition })));
  await until('all have ended', () => endedOf(after).length === after.length);
  expect(entered.toSorted()).toEqual([...before, ...after].toSorted());
});

it('begins nothing more once its group rebalances, so that whoever has a partition next knows how far it came', async () => {
  const ids = await publish(...Array.from({ length: 6 }, () => ({ payload: 'wait' })));
  let rebalance: (() => void) | undefined;
  const watched = new Proxy(broker, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (name !== 'consumer') return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      return (...args: Parameters<Broker['consumer']>) => {
        const consumer = target.consumer(...args);
        const run = consumer.run.bind(consumer);
        consumer.run = (handlers) => {
          rebalance = () => handlers.onRebalancing?.();
          return run(handlers);
        };
        return consumer;
      };
    },
  });
  await startWorker(watched);
  await until('four run', () => entered.length === 4);
  rebalance!();
  await until('it is said', async () => (await committed())?.metadata === 'v1 entered=4 terms=7:1');
  gate.resolve();
  await until('four have ended', () => endedOf(ids).length === 4);
  await until('they are committed', async () => (await committed())?.offset === 4n);
  expect(entered).toEqual(ids.slice(0, 4));
  await startWorker();
  await until('all have ended', () => endedOf(ids).length === 6);
  expect(entered).toEqual(ids);
});
