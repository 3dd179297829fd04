import { fileURLToPath } from 'node:url';
import { recordDeadline } from '../spans/deadline-span.js';
import { collectSpans, type SpanCollector } from './collect-spans.js';
import { expectTrace, type ExpectedTrace } from './expect-trace.js';
import { Journey } from './journey.fixture.js';
import { toMatchGolden } from './to-match-golden.js';
import { traceTree } from './trace-tree.js';

expect.extend({ toMatchGolden });

let collector: SpanCollector;
beforeEach(() => {
  collector = collectSpans();
});
afterEach(() => collector.close());

interface Scenario {
  go(journey: Journey): void;
  expected?: Partial<ExpectedTrace>;
}

const failed = { outcome: 'failed', error: { code: 'handler_error', message: 'no luck' } };

const scenarios: Record<string, Scenario> = {
  'success-event': {
    go: (job) =>
      job.accept().publish().wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('sse'),
  },
  'success-polling': {
    go: (job) =>
      job
        .accept()
        .wake('postgresql')
        .runs({ outcome: 'succeeded' })
        .settle('succeeded', 'worker')
        .deliver('long-poll'),
    expected: { mode: 'polling' },
  },
  retry: {
    go: (job) => {
      job.accept().publish().wake().runs(failed).settle('failed');
      job.again().publish(2).wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
    },
    expected: { runs: 2 },
  },
  snooze: {
    go: (job) => {
      job.accept().publish().wake().runs({ outcome: 'snoozed' }).settle('snoozed');
      job.again().publish(2).wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
    },
    expected: { runs: 2 },
  },
  cancel: {
    go: (job) =>
      job.accept().publish().wake().runs({ outcome: 'cancelled' }).settle('cancelled').deliver('websocket'),
  },
  'worker-killed': {
    go: (job) => {
      job.accept().publish().wake().dies();
      job.again().publish(2).wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
    },
    expected: { runs: 2 },
  },
  'relay-killed': {
    // Between the broker's acknowledgement and the delete: the next leader sends the record again.
    go: (job) => {
      job.accept().publish().publish(2);
      job.wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
    },
    expected: { runs: 1 },
  },
  duplicate: {
    go: (job) => {
      job.accept().publish().wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
      job.execution += 1;
      job.wake().runs({ outcome: 'succeeded' }).settle('duplicate');
    },
    expected: { runs: 2 },
  },
  deadline: {
    go: (job) => {
      job.accept().publish();
      recordDeadline({ ...job.job, ...job.hop(), stuckAt: 'published' });
      job.wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
    },
  },
  webhook: {
    go: (job) => {
      job.accept().publish().wake().runs({ outcome: 'succeeded' }).settle('succeeded');
      job.deliver('webhook', 503, 1).deliver('webhook', 204, 2);
    },
  },
};

test.each(Object.entries(scenarios))('%s', (name, { go, expected }) => {
  const journey = new Journey();
  go(journey);
  expectTrace(collector.spans(), { jobId: journey.jobId, mode: 'event', ...expected });
  expect(traceTree(collector.spans(), { normalise: true })).toMatchGolden(golden(name));
});

test('a job that lost its context is in one trace all the same, every hop of it, and says so', () => {
  const job = new Journey();
  job.publish().wake().runs({ outcome: 'succeeded' }).settle('succeeded').deliver('poll');
  const traces = new Set(
    collector
      .spans()
      .filter((span) => span.attributes['baton.job.id'] === job.jobId)
      .map((span) => span.traceId),
  );
  expect(traces.size).toBe(1);
  expect(traceTree(collector.spans(), { normalise: true })).toMatchGolden(golden('missing-context'));
});

test('an unsampled job leaves no span anywhere', async () => {
  await collector.close();
  collector = collectSpans({ sampler: 'parentbased_always_off' });
  const job = new Journey().accept().publish().wake().runs(failed).settle('failed');
  recordDeadline({ ...job.job, ...job.hop(), stuckAt: 'started' });
  job.again().wake().dies().deliver('webhook', 200, 1);
  expect(collector.spans()).toEqual([]);
});

function golden(name: string): string {
  return fileURLToPath(new URL(`goldens/${name}.txt`, import.meta.url));
}
