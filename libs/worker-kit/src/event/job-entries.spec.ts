import type { TakenOffset } from '@baton/messaging';
import { madeUpDelivery } from '../testing/made-up-delivery.js';
import { JobEntries } from './job-entries.js';

const taken = { topic: 't', partition: 1, offset: 5n } as TakenOffset;
const lost = [{ topic: 't', partition: 1 }];

it('forgets what only waits when its partition is lost, and keeps what is announced, though its record is done', () => {
  const done: TakenOffset[] = [];
  const entries = new JobEntries((_, offset) => void done.push(offset));
  const read = (jobId: string) =>
    entries.read({ ...madeUpDelivery(), jobId, queue: 'q', payload: 'null' }, 10, taken);
  const [waits, announced] = [read('a')!, read('b')!];
  entries.begin(announced);
  entries.told(announced.delivery.executionId);
  expect(done).toEqual([taken]);
  expect([waits, announced].map((entry) => entries.orphaned(entry, lost))).toEqual([true, false]);
  expect(read('a')).toBeDefined();
  expect(read('b')).toBeUndefined();
});
