import { collectSpans, type SpanCollector } from './collect-spans.js';
import { expectTrace } from './expect-trace.js';
import { Journey } from './journey.fixture.js';
import type { SpanRecord } from './span-record.js';

let collector: SpanCollector;
let whole: SpanRecord[];
beforeEach(() => {
  collector = collectSpans();
  new Journey().accept().publish().wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
  whole = collector.spans();
});
afterEach(() => collector.close());

const expected = { jobId: 'job-1', mode: 'event' } as const;
const without = (name: string) => whole.filter((span) => !span.name.startsWith(name));

test('answers the spans of a whole trace', () => {
  expect(expectTrace(whole, expected).map((span) => span.name)).toContain('worker.run');
});

test.each([
  ['produce', /worker.run of test is an orphan/],
  ['relay.publish', /attempt 1 has no relay.publish/],
  ['worker.ack_wake', /attempt 1 has no worker.ack_wake/],
  ['worker.run', /result.settle of test is an orphan/],
  ['result.settle', /attempt 1 has no result.settle/],
  ['result.deliver', /there is no result.deliver/],
])('misses %s', (name, complaint) => {
  expect(() => expectTrace(without(name), expected)).toThrow(complaint);
});

test('what is not to be expected is not missed', () => {
  expectTrace(without('result.deliver'), { ...expected, delivered: false });
  expectTrace(without('relay.publish'), { ...expected, mode: 'polling' });
});

test('sees a job in two traces', () => {
  new Journey().accept();
  expect(() => expectTrace(collector.spans(), expected)).toThrow('the job is in 2 traces, not in one');
});

test("sees a span in another job's trace", () => {
  const other = new Journey('job-2');
  other.carrier = { traceparent: `00-${whole[0]?.traceId}-${whole[0]?.spanId}-01` };
  other.wake();
  expect(() => expectTrace(collector.spans(), expected)).toThrow(
    'worker.ack_wake of job job-2 hangs under job job-1',
  );
});

test('a span drawn again is no second run', () => {
  expectTrace([...whole, ...whole], { ...expected, runs: 1 });
});

test('says nothing is there when nothing is', () => {
  expect(() => expectTrace([], expected)).toThrow('the job is in 0 traces');
});
