import { trace } from '@opentelemetry/api';
import { attributeNames, runSpanId, spanNames } from '@baton/tracing';
import { collectSpans, type SpanCollector, type SpanRecord } from '@baton/tracing/testing';
import { Controller } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { cancel, fatal, snooze } from '../handler/control-flow.js';
import type { JobContext } from '../handler/job-context.js';
import { JobHandler } from '../handler/job-handler.decorator.js';
import { JobTester } from '../testing/job-tester.js';
import { OwnershipLostError } from './abort-causes.js';

const traceId = 'a'.repeat(32);
const produceId = 'b'.repeat(16);
const carrier = (flags: '00' | '01') => ({ traceparent: `00-${traceId}-${produceId}-${flags}` });
const traceIds: (string | undefined)[] = [];

@Controller()
class Handlers {
  @JobHandler('traced')
  async run(what: string, context: JobContext): Promise<string> {
    await Promise.resolve();
    trace.getTracer('user').startSpan('my own work').end();
    traceIds.push(trace.getActiveSpan()?.spanContext().traceId, context.traceId);
    if (what === 'throw') throw new Error('broken');
    if (what === 'snooze') throw snooze('1m');
    if (what === 'cancel') throw cancel('why not');
    if (what === 'fatal') throw fatal('never');
    if (what === 'wait') await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
    return 'fine';
  }
}

let spans: SpanCollector;
let jobs: JobTester;
beforeAll(async () => {
  spans = collectSpans({ service: 'worker' });
  jobs = await JobTester.create({ controllers: [Handlers] });
});
beforeEach(() => {
  spans.reset();
  traceIds.length = 0;
});
afterAll(async () => {
  await jobs.close();
  await spans.close();
});

const named = (name: string): SpanRecord => {
  const found = spans.spans().filter((span) => span.name === name);
  if (!found[0] || found.length > 1) throw new Error(`${found.length} spans are named ${name}`);
  return found[0];
};

it('the wake and the run are under produce, what the handler does is under the run', async () => {
  const ids = { jobId: uuidv7(), attempt: 2, executionId: uuidv7() };
  await jobs.run('traced', 'return', { ...ids, carrier: carrier('01') });
  const runId = runSpanId(ids.jobId, ids.attempt, ids.executionId);
  expect(named(spanNames.ackWake)).toMatchObject({
    traceId,
    parentSpanId: produceId,
    kind: 'consumer',
    status: 'unset',
  });
  expect(named(spanNames.run)).toMatchObject({
    traceId,
    spanId: runId,
    parentSpanId: produceId,
    status: 'unset',
    attributes: expect.objectContaining({
      [attributeNames.jobId]: ids.jobId,
      [attributeNames.outcome]: 'succeeded',
    }),
  });
  expect(named('my own work')).toMatchObject({ traceId, parentSpanId: runId });
  expect(traceIds).toEqual([traceId, traceId]);
});

it.each([
  ['throw', 'failed', 'error', 'handler_error'],
  ['fatal', 'failed', 'error', 'handler_fatal'],
  ['snooze', 'snoozed', 'unset', undefined],
  ['cancel', 'cancelled', 'unset', undefined],
])('a handler that says %s ends the run as %s, with status %s', async (what, outcome, status, error) => {
  await jobs.run('traced', what, { carrier: carrier('01') });
  const run = named(spanNames.run);
  expect(run.status).toBe(status);
  expect(run.attributes[attributeNames.outcome]).toBe(outcome);
  expect(run.attributes[attributeNames.errorType]).toBe(error);
});

it('a lost execution ends its run without an error', async () => {
  const job = jobs.start('traced', 'wait', { carrier: carrier('01') });
  job.abort(new OwnershipLostError('another has it'));
  await job.outcome;
  expect(named(spanNames.run)).toMatchObject({
    status: 'unset',
    attributes: expect.objectContaining({ [attributeNames.outcome]: 'refused' }),
  });
});

it('an unsampled job draws nothing, and its context goes on', async () => {
  await jobs.run('traced', 'return', { carrier: carrier('00') });
  expect(spans.spans()).toEqual([]);
  expect(traceIds).toEqual([traceId, traceId]);
});

it('two jobs at once keep their own traces', async () => {
  const other = 'c'.repeat(32);
  await Promise.all([
    jobs.run('traced', 'return', { carrier: carrier('01') }),
    jobs.run('traced', 'return', { carrier: { traceparent: `00-${other}-${produceId}-01` } }),
  ]);
  const own = spans.spans().filter(({ name }) => name === 'my own work');
  expect(own.map((span) => span.traceId).sort()).toEqual([traceId, other]);
});
