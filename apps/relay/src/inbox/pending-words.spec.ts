import type { IncomingRecord } from '@baton/messaging';
import type { Settlement } from '@baton/persistence';
import { PendingWords, type Word } from './pending-words.js';

const raw = {} as IncomingRecord;

function said(jobId: string, executionId: string, kind: Settlement['kind']): Settlement {
  return {
    jobId,
    executionId,
    kind,
    attempt: 1,
    workerId: 'w',
    tenantId: 't',
    queue: 'q',
    orderingKey: undefined,
    startedAtMs: 0,
  };
}

const told = (words: readonly Word[]): string[] =>
  words.map(({ settlement }) => `${settlement.executionId} ${settlement.kind}`);

it('takes one word of each job a round, in the order in which they were read', () => {
  const words = new PendingWords();
  words.add(
    raw,
    [said('a', 'a1', 'started'), said('b', 'b1', 'succeeded'), said('a', 'a2', 'started')],
    () => undefined,
  );
  const first = words.take(10);
  expect(told(first)).toEqual(['a1 started', 'b1 succeeded']);
  words.done(first);
  expect(told(words.take(10))).toEqual(['a2 started']);
});

it('says a busy word again before later ones of its job, and lets the others pass', () => {
  const words = new PendingWords();
  words.add(
    raw,
    [said('a', 'a1', 'succeeded'), said('b', 'b1', 'succeeded'), said('a', 'a2', 'started')],
    () => undefined,
  );
  words.done(words.take(10).filter(({ settlement }) => settlement.jobId !== 'a'));
  words.add(raw, [said('c', 'c1', 'succeeded')], () => undefined);
  expect(told(words.take(10))).toEqual(['a1 succeeded', 'c1 succeeded']);
});

it('an outcome takes the place of its own start, and both records are done with it', () => {
  const words = new PendingWords();
  const done: string[] = [];
  words.add(raw, [said('a', 'a1', 'started')], () => done.push('first'));
  words.add(raw, [said('a', 'a2', 'started')], () => done.push('second'));
  words.add(raw, [said('a', 'a1', 'succeeded')], () => done.push('third'));
  const round = words.take(10);
  expect(told(round)).toEqual(['a1 succeeded']);
  words.done(round);
  expect(done).toEqual(['first', 'third']);
});

it('leaves a start alone that is being settled: its outcome comes after it', () => {
  const words = new PendingWords();
  words.add(raw, [said('a', 'a1', 'started')], () => undefined);
  const round = words.take(10);
  words.add(raw, [said('a', 'a1', 'succeeded')], () => undefined);
  expect(told(round)).toEqual(['a1 started']);
  words.done(round);
  expect(told(words.take(10))).toEqual(['a1 succeeded']);
});

it('is done with a record when its last word is, and at once when it has none', () => {
  const words = new PendingWords();
  const done: string[] = [];
  words.add(raw, [], () => done.push('empty'));
  words.add(raw, [said('a', 'a1', 'succeeded'), said('b', 'b1', 'succeeded')], () => done.push('full'));
  const [first, second] = words.take(10);
  words.done([first!]);
  expect(done).toEqual(['empty']);
  words.done([second!]);
  expect(done).toEqual(['empty', 'full']);
});

it('an outcome takes progress along that is still here, and waits for what is being settled', () => {
  const words = new PendingWords();
  const progress = (fraction: number, more = {}) => ({
    ...said('a', 'a1', 'progress'),
    progress: { fraction, ...more },
  });
  words.add(
    raw,
    [said('a', 'a1', 'started'), progress(0.1, { data: '1', checkpoint: '2' }), progress(0.2)],
    () => undefined,
  );
  const [first] = words.take(10);
  expect(first?.settlement).toMatchObject({
    kind: 'progress',
    progress: { fraction: 0.2, data: '1', checkpoint: '2' },
  });
  words.add(raw, [progress(0.5), said('a', 'a1', 'succeeded')], () => undefined);
  words.done([first!]);
  const [second] = words.take(10);
  expect(second?.settlement).toMatchObject({ kind: 'succeeded', progress: { fraction: 0.5 } });
  words.done([second!]);
  expect(words.size).toBe(0);
});
