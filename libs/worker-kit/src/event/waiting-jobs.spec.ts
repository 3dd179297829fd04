import { uuidv7 } from 'uuidv7';
import type { Delivery } from '../execution/delivery.js';
import type { JobEntry } from './job-entry.js';
import { WaitingJobs } from './waiting-jobs.js';
import { WaitingTopic } from './waiting-topic.js';

const entry = (key: string, bytes = 100): JobEntry => ({
  key,
  bytes,
  told: false,
  offsets: [],
  delivery: { jobId: uuidv7() } as Delivery,
});
const any = (): boolean => true;

function taken(jobs: WaitingJobs, mayRun = any): string[] {
  const keys: string[] = [];
  for (let next = jobs.take(mayRun); next; next = jobs.take(mayRun)) keys.push(next.key);
  return keys;
}

it('serves queues in turn, so that one flood starves no other', () => {
  const jobs = new WaitingJobs(['a', 'b']);
  for (const n of [1, 2, 3, 4]) jobs.topic('baton.jobs.a').push(entry(`a${n}`));
  for (const n of [1, 2]) jobs.topic('baton.jobs.b').push(entry(`b${n}`));
  expect(taken(jobs)).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
});

it('serves the highest priority of a queue first', () => {
  const jobs = new WaitingJobs(['a']);
  jobs.topic('baton.jobs.a.low').push(entry('low'));
  jobs.topic('baton.jobs.a').push(entry('normal'));
  jobs.topic('baton.jobs.a.high').push(entry('high'));
  expect(taken(jobs)).toEqual(['high', 'normal', 'low']);
});

it('passes over a queue that may not run more, without losing its turn', () => {
  const jobs = new WaitingJobs(['a', 'b']);
  jobs.topic('baton.jobs.a').push(entry('a1'));
  for (const n of [1, 2]) jobs.topic('baton.jobs.b').push(entry(`b${n}`));
  expect(jobs.take(({ key }) => key.startsWith('b'))?.key).toBe('b1');
  expect(taken(jobs)).toEqual(['a1', 'b2']);
});

it('is full at its bound of records or of bytes, until half of it is left', () => {
  const byRecords = new WaitingTopic('t', { records: 4, bytes: 1_000_000 });
  for (const n of [1, 2, 3]) byRecords.push(entry(String(n)));
  expect(byRecords.full).toBe(false);
  byRecords.push(entry('4'));
  expect(byRecords.full).toBe(true);
  byRecords.shift();
  expect(byRecords.full).toBe(true);
  byRecords.shift();
  expect(byRecords.full).toBe(false);

  const byBytes = new WaitingTopic('t', { records: 1_000, bytes: 1_000 });
  byBytes.push(entry('1', 400));
  byBytes.push(entry('2', 600));
  expect(byBytes.full).toBe(true);
  byBytes.drop(({ key }) => key === '2');
  expect(byBytes).toMatchObject({ full: false, size: 1 });
});

it('starves no priority: under a flood of high ones, low and normal get one in 32 each', () => {
  const jobs = new WaitingJobs(['a']);
  for (let n = 0; n < 100; n++) jobs.topic('baton.jobs.a.high').push(entry('high'));
  for (let n = 0; n < 3; n++) {
    jobs.topic('baton.jobs.a').push(entry('normal'));
    jobs.topic('baton.jobs.a.low').push(entry('low'));
  }
  const keys = taken(jobs);
  const places = (key: string): number[] => keys.flatMap((each, i) => (each === key ? [i + 1] : []));
  expect(places('low')).toEqual([16, 48, 80]);
  expect(places('normal')).toEqual([32, 64, 96]);
});
