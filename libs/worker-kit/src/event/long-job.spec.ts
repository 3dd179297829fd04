import { randomUUID } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  headers,
  jobGroup,
  JobRecordSchema,
  jobTopic,
  jobTopicSettings,
  systemTopics,
  topics,
  WorkerReportSchema,
} from '@baton/contracts';
import { sharedTestStack } from '@baton/local-stack';
import { connectKafka, type Broker, type BrokerReader } from '@baton/messaging';
import { rebalances } from '@baton/tracing';
import { Controller } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import { uuidv7 } from 'uuidv7';
import type { JobContext } from '../handler/job-context.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import { RethrowFilter } from '../handler/rethrow.filter.js';
import { silentLog } from '../testing/silent-log.js';
import { EventServer } from './event-server.js';

const short = 10_000;
/** Of one request to the broker. */
const slice = 2_000;

let broker: Broker;
let outcomes: BrokerReader;
const queue = `q-${randomUUID()}`;
const gate = Promise.withResolvers<void>();
/** Jobs in the order in which their handlers were entered, and in which their ends were told; each with its worker. */
const entered: string[] = [];
const ended: { jobId: string; worker: string }[] = [];
const open: NestMicroservice[] = [];

beforeAll(async () => {
  const { kafkaBrokers } = await sharedTestStack({ kafka: true });
  broker = connectKafka({
    brokers: kafkaBrokers.split(','),
    clientId: `long-${randomUUID().slice(0, 8)}`,
  });
  await broker.admin.ensureTopics([...systemTopics, ...jobTopicSettings(queue)]);
  outcomes = broker.reader({
    topics: [topics.outcomes],
    maxWaitMs: 50,
    onRecords: ({ records }) => {
      for (const { value } of records) {
        const report = fromBinary(WorkerReportSchema, value ?? new Uint8Array());
        for (const { event } of report.events)
          if (event.case === 'ended' && event.value.execution?.queue === queue)
            ended.push({ jobId: event.value.execution.jobId, worker: report.workerId });
      }
    },
  });
  await outcomes.start();
  await outcomes.caughtUp;
}, 60_000);
afterAll(async () => {
  gate.resolve();
  for (const app of open) await app.close();
  await outcomes.stop();
  await broker.close();
});

async function startWorker(): Promise<void> {
  @Controller()
  class Handlers {
    @JobHandler(queue)
    async run(payload: string | null, { jobId }: JobContext): Promise<void> {
      entered.push(jobId);
      await (payload === 'long' ? gate.promise : new Promise((resolve) => setTimeout(resolve, 2)));
    }
  }
  const strategy = new EventServer({ broker, log: silentLog, concurrency: 20, graceMs: 50, letGoMs: 50 });
  const root = { module: class Root {}, controllers: [Handlers] };
  const options = { strategy, logger: false, abortOnError: false } as const;
  const app = (await NestFactory.createMicroservice(root, options)) as NestMicroservice;
  app.useGlobalFilters(new RethrowFilter());
  await app.listen();
  open.push(app);
  await until('the worker is ready', () => strategy.healthy);
}

async function publish(payloads: readonly unknown[], partitionOf: (i: number) => number): Promise<string[]> {
  const tenantId = randomUUID();
  const producer = broker.producer();
  const records = payloads.map((payload, i) => {
    const jobId = uuidv7();
    const job = { jobId, tenantId, queue, attempt: 1, maxAttempts: 5, timeoutMs: 3_600_000n };
    const value = create(JobRecordSchema, { ...job, payload: Buffer.from(JSON.stringify(payload)) });
    return {
      key: jobId,
      partition: partitionOf(i),
      value: Buffer.from(toBinary(JobRecordSchema, value)),
      headers: { [headers.term]: '7:1', [headers.schema]: '1' },
    };
  });
  for (let from = 0; from < records.length; from += slice)
    await producer.send(jobTopic(queue, 'normal'), records.slice(from, from + slice));
  await producer.close();
  return records.map(({ key }) => key);
}

async function committed(): Promise<bigint | undefined> {
  const offsets = await broker.admin.committedOffsets(jobGroup(queue), jobTopic(queue, 'normal'));
  return offsets.find(({ partition }) => partition === 0)?.offset;
}

const rebalanced = async (): Promise<number> =>
  (await rebalances.get()).values.find(({ labels }) => labels.queue === queue)?.value ?? 0;

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

it('a job that does not end among 10,000 short ones of its partition hinders none, causes no rebalance, and survives one', async () => {
  await startWorker();
  const before = await rebalanced();
  const [long, ...others] = await publish(['long', ...Array<null>(short).fill(null)], () => 0);
  await until('the short ones are told', () => ended.length >= short);
  await until(
    'their offsets are committed, past its own',
    async () => (await committed()) === BigInt(short + 1),
  );
  expect(ended.map(({ jobId }) => jobId).sort()).toEqual(others.sort());
  expect(await rebalanced()).toBe(before);

  await startWorker();
  const shared = await publish(Array<null>(240).fill(null), (i) => i % 12);
  await until('what came then is told', () => ended.length >= short + shared.length);
  expect(await rebalanced()).toBeGreaterThan(before);
  expect(new Set(ended.slice(short).map(({ worker }) => worker)).size).toBe(2);

  gate.resolve();
  await until('it is told', () => ended.some(({ jobId }) => jobId === long));
  expect(ended).toHaveLength(short + shared.length + 1);
  expect(ended.at(-1)).toEqual({ jobId: long, worker: ended[0]!.worker });
  expect(entered).toHaveLength(ended.length);
  expect(new Set(entered).size).toBe(ended.length);
}, 180_000);
