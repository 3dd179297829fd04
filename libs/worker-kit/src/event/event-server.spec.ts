import { randomUUID } from 'node:crypto';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  cancelKey,
  ControlSchema,
  headers,
  jobGroup,
  JobRecordSchema,
  jobTopic,
  Outcome,
  topics,
  WorkerReportSchema,
  type WorkerEvent,
  systemTopics,
  timing,
} from '@baton/contracts';
import { sharedTestStack } from '@baton/local-stack';
import { BrokerUnavailableError, connectKafka, type Broker, type BrokerReader } from '@baton/messaging';
import { Controller, type ModuleMetadata } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestMicroservice } from '@nestjs/microservices';
import { uuidv7 } from 'uuidv7';
import type { JobContext } from '../handler/job-context.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import { RethrowFilter } from '../handler/rethrow.filter.js';
import { silentLog } from '../testing/silent-log.js';
import { CpuController, Words } from '../thread/cpu.fixture.js';
import { EventServer } from './event-server.js';

let broker: Broker;
let outcomes: BrokerReader;
/** By worker, in the order in which they were said. */
const said = new Map<string, WorkerEvent[]>();
const open: { app: NestMicroservice; broker: Broker }[] = [];
let queue = '';
let scene: Scene;
const tenantId = randomUUID();
// Threads are Node's own: they read the sources as `nx serve` does.
const hook = new URL('../../../../tools/ts-hook.mjs', import.meta.url).href;
const threads = { execArgv: ['--conditions=@baton/source', '--import', hook] };

class Scene {
  readonly entered: string[] = [];
  readonly aborted: unknown[] = [];
  private readonly gate = Promise.withResolvers<void>();
  release = (): void => this.gate.resolve();

  async run(payload: { do?: string } | null, context: JobContext): Promise<unknown> {
    this.entered.push(context.jobId);
    if (payload?.do === 'wait') await this.gate.promise;
    if (payload?.do === 'signal') {
      await new Promise((resolve) => context.signal.addEventListener('abort', resolve, { once: true }));
      this.aborted.push(context.signal.reason);
      context.signal.throwIfAborted();
    }
    if (payload?.do === 'count') {
      context.progress(0.5, { page: 1 });
      await context.checkpoint({ page: 2 });
      context.progress(1);
    }
    return payload;
  }
}

interface TestWorker {
  app: NestMicroservice;
  server: EventServer;
  id: string;
}

async function startWorker({
  concurrency = 20,
  graceMs = 50,
  wrap = (inner: Broker): Broker => inner,
  handlers = undefined as ModuleMetadata | undefined,
} = {}): Promise<TestWorker> {
  const current = scene;
  @Controller()
  class Handlers {
    @JobHandler(queue)
    run(payload: { do?: string } | null, context: JobContext): Promise<unknown> {
      return current.run(payload, context);
    }
  }
  const own = await connect();
  const server = new EventServer({
    broker: wrap(own),
    log: silentLog,
    concurrency,
    graceMs,
    letGoMs: 50,
    threads,
  });
  const root = { module: class Root {}, ...(handlers ?? { controllers: [Handlers] }) };
  const app = (await NestFactory.createMicroservice(root, {
    strategy: server,
    logger: false,
    abortOnError: false,
  })) as NestMicroservice;
  app.useGlobalFilters(new RethrowFilter());
  const known = new Set(said.keys());
  await app.listen();
  open.push({ app, broker: own });
  await until('the worker is ready', () => server.healthy);
  const id = await found('the worker registers', () =>
    [...said].find(
      ([worker, [first]]) =>
        !known.has(worker) && first?.event.case === 'registered' && first.event.value.queues.includes(queue),
    ),
  );
  return { app, server, id: id[0] };
}

async function connect(): Promise<Broker> {
  const { kafkaBrokers } = await sharedTestStack({ kafka: true });
  return connectKafka({
    brokers: kafkaBrokers.split(','),
    clientId: `worker-test-${randomUUID().slice(0, 8)}`,
  });
}

interface Published {
  payload?: unknown;
  jobId?: string;
  attempt?: number;
  term?: string;
  partition?: number;
  value?: Buffer;
}

/** As the relay does; all on one partition unless said otherwise. */
async function publish(jobs: readonly Published[]): Promise<string[]> {
  const ids = jobs.map(({ jobId }) => jobId ?? uuidv7());
  const producer = broker.producer();
  await producer.send(
    jobTopic(queue, 'normal'),
    jobs.map(({ payload = null, attempt = 1, term = '7:1', partition = 0, value }, i) => {
      const jobId = ids[i] ?? '';
      const now = BigInt(Date.now());
      const record = create(JobRecordSchema, {
        jobId,
        tenantId,
        queue,
        attempt,
        failures: 0,
        maxAttempts: 5,
        payload: Buffer.from(JSON.stringify(payload)),
        timeoutMs: 60_000n,
        createdAtMs: now,
        queuedAtMs: now,
        publishedAtMs: now,
      });
      return {
        key: jobId,
        partition,
        value: value ?? Buffer.from(toBinary(JobRecordSchema, record)),
        headers: {
          [headers.tenant]: tenantId,
          [headers.jobId]: jobId,
          [headers.attempt]: String(attempt),
          [headers.term]: term,
          [headers.schema]: '1',
          traceparent: `00-${'1'.repeat(32)}-${'2'.repeat(16)}-00`,
        },
      };
    }),
  );
  await producer.close();
  return ids;
}

const eventsOf = <C extends NonNullable<WorkerEvent['event']['case']>>(worker: string, kind: C) =>
  (said.get(worker) ?? []).flatMap(({ event }) =>
    event.case === kind ? [event.value as Extract<WorkerEvent['event'], { case: C }>['value']] : [],
  );

const endedOf = (worker: string): string[] =>
  eventsOf(worker, 'ended').map(({ execution }) => execution?.jobId ?? '');

async function committed(partition = 0): Promise<{ offset: number; metadata: string | undefined }> {
  const found = (await broker.admin.committedOffsets(jobGroup(queue), jobTopic(queue, 'normal'))).find(
    (each) => each.partition === partition,
  );
  return { offset: Number(found?.offset ?? -1n), metadata: found?.metadata };
}

async function found<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  ms = 15_000,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await look();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`waited ${ms} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function until(what: string, condition: () => boolean | Promise<boolean>, ms = 15_000): Promise<void> {
  await found(what, async () => ((await condition()) ? true : undefined), ms);
}

beforeAll(async () => {
  broker = await connect();
  await broker.admin.ensureTopics(systemTopics);
  outcomes = broker.reader({
    topics: [topics.outcomes],
    onRecords: ({ records }) => {
      for (const { value } of records) {
        const report = fromBinary(WorkerReportSchema, value ?? new Uint8Array());
        said.set(report.workerId, [...(said.get(report.workerId) ?? []), ...report.events]);
      }
    },
  });
  await outcomes.start();
  await outcomes.caughtUp;
}, 60_000);
beforeEach(() => {
  queue = `q-${randomUUID()}`;
  scene = new Scene();
});
afterEach(async () => {
  scene.release();
  for (const each of open.splice(0)) {
    await each.app.close();
    expect(each.broker.openHandles()).toEqual([]);
    await each.broker.close();
  }
});
afterAll(async () => {
  await outcomes.stop();
  await broker.close();
});

it('registers, runs what is published, tells the outcomes in order, and commits', async () => {
  const worker = await startWorker();
  const ids = await publish([{ payload: { a: 1 } }, { payload: 'two' }]);
  await until('both are told', () => endedOf(worker.id).length === 2);
  const [first] = said.get(worker.id) ?? [];
  expect(first?.event.case).toBe('registered');
  const ended = eventsOf(worker.id, 'ended');
  expect(ended).toMatchObject(
    ids.map((jobId) => ({ execution: { jobId, attempt: 1, tenantId, queue, orderingKey: '' } })),
  );
  expect(new Set(ended.map(({ execution }) => execution?.executionId)).size).toBe(2);
  expect(ended.map(({ result }) => Buffer.from(result.value as Uint8Array).toString())).toEqual([
    '{"a":1}',
    '"two"',
  ]);
  expect(eventsOf(worker.id, 'started')).toEqual([]);
  await until('the offset is committed', async () => (await committed()).offset === 2);
});

it('lets a long job hinder nobody on its partition, nor pin its offset', async () => {
  const worker = await startWorker({ concurrency: 4 });
  const [long, ...short] = await publish([
    { payload: { do: 'wait' } },
    ...Array.from({ length: 300 }, () => ({})),
  ]);
  await until('the short ones are told', () => endedOf(worker.id).length === 300);
  expect(endedOf(worker.id)).toEqual(short);
  expect(eventsOf(worker.id, 'started').map(({ execution }) => execution?.jobId)).toEqual([long]);
  await until('all offsets are committed while it runs', async () => (await committed()).offset === 301);
  const heard = await found('a heartbeat names it', () => eventsOf(worker.id, 'heartbeat')[0]);
  expect(heard.executionIds).toEqual([eventsOf(worker.id, 'started')[0]?.execution?.executionId]);
  scene.release();
  await until('the long one is told', () => endedOf(worker.id).includes(long ?? ''));
});

it('runs a long job once, though the group rebalances meanwhile', async () => {
  const one = await startWorker();
  const [long] = await publish([{ payload: { do: 'wait' } }]);
  await until('it runs', () => scene.entered.length === 1);
  const two = await startWorker();
  await until('it is announced', () => eventsOf(one.id, 'started').length === 1);
  const all = await publish(Array.from({ length: 24 }, (_, i) => ({ partition: i % 12 })));
  await until('both share the work', () => endedOf(one.id).length + endedOf(two.id).length === 24);
  expect(endedOf(one.id).length).toBeGreaterThan(0);
  expect(endedOf(two.id).length).toBeGreaterThan(0);
  scene.release();
  await until('it is told', () => endedOf(one.id).includes(long ?? ''));
  expect([...scene.entered].sort()).toEqual([long, ...all].sort());
});

it('takes a record that comes twice for one, and finishes both', async () => {
  const worker = await startWorker();
  const [twice] = await publish([{ payload: { do: 'wait' } }]);
  await until('it runs', () => scene.entered.length === 1);
  await publish([{ jobId: twice ?? '' }, {}]);
  await until('the other is told', () => endedOf(worker.id).length === 1);
  scene.release();
  await until('it is told', () => endedOf(worker.id).length === 2);
  await publish([{ jobId: twice ?? '' }, {}]);
  await until('all is committed', async () => (await committed()).offset === 5);
  expect(scene.entered.filter((id) => id === twice)).toHaveLength(1);
});

it('commits nothing past a record of which the broker has no word yet', async () => {
  let held: (() => void)[] | undefined;
  const wrap = (inner: Broker): Broker =>
    gated(inner, () => new Promise((resolve) => (held ? held.push(resolve) : resolve())));
  const worker = await startWorker({ wrap });
  await publish([{ partition: 1, term: '7:5' }]);
  await until('words are told and committed', async () => (await committed(1)).offset === 1);
  const waiting: (() => void)[] = (held = []);
  await publish([{}, { payload: { do: 'wait' } }]);
  await until('both are entered', () => scene.entered.length === 3);
  await found('it wants to tell', () => waiting[0]);
  // Of a late record nothing is told: it is done at once, and the commit that it causes is of all partitions.
  await publish([{ partition: 1, term: '7:4' }]);
  await until('a commit followed', async () => (await committed(1)).offset === 2);
  // How far handlers were entered is said before they are, with the offset as it stands.
  expect(await committed()).toEqual({ offset: 0, metadata: expect.stringContaining('entered=1000') });
  held = undefined;
  waiting.forEach((resolve) => resolve());
  await until('it is committed', async () => (await committed()).offset === 2);
  expect(endedOf(worker.id)).toHaveLength(2);
});

it('tells everything, in order, however often the broker is away', async () => {
  let sends = 0;
  const wrap = (inner: Broker): Broker =>
    gated(inner, () =>
      ++sends % 3 === 0
        ? Promise.resolve()
        : Promise.reject(new BrokerUnavailableError('away', { fate: 'unknown' })),
    );
  const worker = await startWorker({ wrap });
  const ids = await publish(Array.from({ length: 5 }, () => ({})));
  await until('all are told', () => endedOf(worker.id).length === 5);
  expect(endedOf(worker.id)).toEqual(ids);
});

it('aborts an execution that is refused, and says nothing more of it', async () => {
  const worker = await startWorker();
  await publish([{ payload: { do: 'signal' } }]);
  const started = await found('it is announced', () => eventsOf(worker.id, 'started')[0]);
  const { jobId = '', attempt = 0, executionId = '' } = started.execution ?? {};
  const refused = { jobId, attempt, executionId, workerId: worker.id };
  const producer = broker.producer();
  const value = toBinary(
    ControlSchema,
    create(ControlSchema, { control: { case: 'refused', value: refused } }),
  );
  await producer.send(topics.control, [
    { key: executionId, value: Buffer.from('garbage') },
    { key: executionId, value: Buffer.from(value) },
  ]);
  await producer.close();
  await until('it is aborted', () => scene.aborted.length === 1);
  expect(scene.aborted).toEqual([expect.objectContaining({ code: 'worker_lost' })]);
  await publish([{}]);
  await until('the next is told', () => endedOf(worker.id).length === 1);
  expect(endedOf(worker.id)).not.toContain(jobId);
});

it("drops a deposed leader's late records, also after a restart", async () => {
  const worker = await startWorker();
  const [a, late, b, other] = await publish([
    { term: '7:5' },
    { term: '7:4' },
    { term: '7:5' },
    { term: '8:1' },
  ]);
  await until('the others are told', () => endedOf(worker.id).length === 3);
  expect(endedOf(worker.id)).toEqual([a, b, other]);
  await until('all is committed', async () => (await committed()).offset === 4);
  expect((await committed()).metadata).toMatch(/ terms=7:5,8:1$/);
  await worker.app.close();
  const next = await startWorker();
  const [later, fresh] = await publish([{ term: '7:4' }, { term: '7:6' }]);
  await until('the fresh one is told', () => endedOf(next.id).length === 1);
  expect(endedOf(next.id)).toEqual([fresh]);
  expect(scene.entered).not.toContain(late);
  expect(scene.entered).not.toContain(later);
});

it('moves what it cannot read to the dead-letter topic, and goes on', async () => {
  const worker = await startWorker();
  const letters: { value: Buffer | null; headers: Readonly<Record<string, string>> }[] = [];
  const garbage = Buffer.from([0xff, 0xfe, 1, 2]);
  const [bad, good] = await publish([{ value: garbage }, {}]);
  await until('both are told', () => endedOf(worker.id).length === 2);
  const ended = eventsOf(worker.id, 'ended');
  expect(ended.find(({ execution }) => execution?.jobId === bad)).toMatchObject({
    outcome: Outcome.FAILED,
    failure: { code: 'undecodable', retryable: false, message: expect.stringContaining('no JobRecord') },
  });
  expect(endedOf(worker.id)).toContain(good);
  await until('both are committed', async () => (await committed()).offset === 2);
  const reader = broker.reader({
    topics: [topics.deadLetter],
    onRecords: ({ records }) => void letters.push(...records),
  });
  await reader.start();
  await reader.caughtUp;
  await reader.stop();
  const letter = letters.find((each) => each.headers['baton-dead-topic'] === jobTopic(queue, 'normal'));
  expect(letter?.value).toEqual(garbage);
  expect(letter?.headers).toMatchObject({
    'baton-dead-partition': '0',
    'baton-dead-offset': '0',
    [headers.jobId]: bad,
  });
});

it('drains: leaves what waits to others, hands back what does not end, says goodbye', async () => {
  const one = await startWorker({ concurrency: 1, graceMs: 50 });
  const [running, waiting] = await publish([{ payload: { do: 'signal' } }, {}]);
  await until('it runs', () => scene.entered.length === 1);
  await one.app.close();
  expect(await committed()).toMatchObject({ offset: 1 });
  await until('it has left', () => eventsOf(one.id, 'left').length === 1);
  const words = (said.get(one.id) ?? [])
    .map(({ event }) => event.case)
    .filter((kind) => kind !== 'heartbeat');
  expect(words).toEqual(['registered', 'started', 'ended', 'left']);
  expect(eventsOf(one.id, 'ended')).toEqual([expect.objectContaining({ outcome: Outcome.RELEASED })]);
  const two = await startWorker();
  await until('the other is told by another worker', () => endedOf(two.id).length === 1);
  expect(endedOf(two.id)).toEqual([waiting]);
  expect(scene.entered.filter((id) => id === running)).toHaveLength(1);
});

/** The real broker, whose producers ask before each record they send. */
function gated(inner: Broker, gate: () => Promise<void>): Broker {
  return new Proxy(inner, {
    get(target, name) {
      if (name !== 'producer') {
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      }
      return (...args: Parameters<Broker['producer']>) => {
        const producer = target.producer(...args);
        return {
          send: async (...sent: Parameters<typeof producer.send>) => {
            await gate();
            return producer.send(...sent);
          },
          close: () => producer.close(),
        };
      };
    },
  });
}

it('tells progress between start and outcome, the last of it before the outcome', async () => {
  const worker = await startWorker();
  await publish([{ payload: { do: 'count' } }]);
  await until('it is told', () => endedOf(worker.id).length === 1);
  const words = (said.get(worker.id) ?? []).map(({ event }) => event.case);
  expect(words.filter((word) => word !== 'heartbeat')).toEqual([
    'registered',
    'started',
    'progress',
    'progress',
    'progress',
    'ended',
  ]);
  const notes = eventsOf(worker.id, 'progress').map(({ fraction, data, checkpoint, execution }) => ({
    fraction,
    data: Buffer.from(data).toString(),
    checkpoint: Buffer.from(checkpoint).toString(),
    same: execution?.executionId === eventsOf(worker.id, 'ended')[0]?.execution?.executionId,
  }));
  expect(notes).toEqual([
    { fraction: 0.5, data: '{"page":1}', checkpoint: '', same: true },
    { fraction: undefined, data: '', checkpoint: '{"page":2}', same: true },
    { fraction: 1, data: '', checkpoint: '', same: true },
  ]);
});

// In the process's own event loop no heartbeat would leave it, and after 6 s its jobs would be others'.
it('goes on with its heartbeat while a handler in a thread holds the CPU for longer than a worker may be silent', async () => {
  queue = 'cpu';
  const worker = await startWorker({ handlers: { controllers: [CpuController], providers: [Words] } });
  await publish([{ payload: { do: 'spin', ms: timing.silentMs + 1_000 } }]);
  await until('it is told', () => endedOf(worker.id).length === 1, 25_000);
  const [ended] = eventsOf(worker.id, 'ended');
  expect(Number(ended!.finishedAtMs - ended!.startedAtMs)).toBeGreaterThan(timing.silentMs);
  const beats = eventsOf(worker.id, 'heartbeat').filter(({ executionIds }) =>
    executionIds.includes(ended!.execution!.executionId),
  );
  expect(beats.length).toBeGreaterThanOrEqual(2);
});

describe('a cancel on the control topic', () => {
  async function control(jobId: string, attempt?: number): Promise<void> {
    const producer = broker.producer();
    const value = { jobId, attempt: attempt ?? 1, reason: 'not wanted' };
    const entry = create(ControlSchema, { control: { case: 'cancelled', value } });
    const bytes = attempt === undefined ? null : Buffer.from(toBinary(ControlSchema, entry));
    await producer.send(topics.control, [{ key: cancelKey(jobId), value: bytes }]);
    await producer.close();
  }
  const outcomesOf = (worker: string) =>
    eventsOf(worker, 'ended').map(({ execution, outcome, failure }) => ({
      jobId: execution?.jobId,
      outcome,
      why: failure?.message,
    }));

  it('reaches a running handler by its signal', async () => {
    const worker = await startWorker();
    const [jobId = ''] = await publish([{ payload: { do: 'signal' } }]);
    await until('it runs', () => scene.entered.length === 1);
    await control(jobId, 1);
    await until('it is told', () => endedOf(worker.id).length === 1);
    expect(scene.aborted).toEqual([
      expect.objectContaining({ code: 'job_cancelled', message: 'not wanted' }),
    ]);
    expect(outcomesOf(worker.id)).toEqual([{ jobId, outcome: Outcome.CANCELLED, why: 'not wanted' }]);
  });

  it('lets a record be skipped that is read after it, in that attempt and while it stands', async () => {
    const [skipped, later, forgotten] = [uuidv7(), uuidv7(), uuidv7()];
    await control(skipped, 1);
    await control(later, 1);
    await control(forgotten, 1);
    await control(forgotten);
    const worker = await startWorker(); // it reads the topic to its end before the first job
    await publish([{ jobId: skipped }, { jobId: later, attempt: 2 }, { jobId: forgotten }]);
    await until('all are told', () => endedOf(worker.id).length === 3);
    expect(scene.entered.sort()).toEqual([later, forgotten].sort());
    expect(outcomesOf(worker.id)).toContainEqual({
      jobId: skipped,
      outcome: Outcome.CANCELLED,
      why: 'not wanted',
    });
    await until('the offset is committed', async () => (await committed()).offset === 3);
    await Promise.all([skipped, later].map((jobId) => control(jobId)));
  });
});
