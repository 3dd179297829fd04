import type { Settled, SettleReport, Settlement } from '@baton/persistence';
import { HandOvers } from './hand-overs.js';

const end = (executionId: string, queue = 'mail'): Settlement =>
  ({ executionId, queue, kind: 'succeeded', follows: true }) as Settlement;
const report = (settlements: readonly Settlement[], more: Partial<SettleReport> = {}): SettleReport => ({
  settled: settlements.map((settlement): Settled => ({ settlement, verdict: 'applied', state: 'succeeded' })),
  released: [],
  openGates: [],
  cascaded: [],
  followUps: [],
  ...more,
});
const letGo = { released: [{ jobId: 'j', queue: 'mail', mode: 'polling' as const }] };

let free: number;
let id: string | undefined;
let handOvers: HandOvers;

beforeEach(() => {
  free = 100;
  id = 'w';
  handOvers = new HandOvers({
    workerId: () => id,
    free: () => free,
    unbounded: (queue) => queue !== 'bound',
  });
});

/** The queue's last end has let another job go. */
const flow = (): void => handOvers.answered(report([end('first')], letGo));

it('keeps the slot of an ended job from claims until its settle is answered, while the queue’s ends let others go', () => {
  handOvers.ended(end('a'));
  expect(handOvers.reserved).toBe(0);
  expect(handOvers.offer([end('a')])).toBeUndefined();
  flow();
  handOvers.ended(end('b'));
  handOvers.ended(end('c'));
  expect(handOvers.reserved).toBe(2);
  expect(handOvers.offer([end('b')])).toMatchObject({ workerId: 'w', queues: ['mail'] });
  expect(handOvers.offer([end('b')])!.executionIds).toHaveLength(1);
  expect(handOvers.reserved).toBe(2);
  handOvers.answered(report([end('b')]));
  expect(handOvers.reserved).toBe(1);
  // That end let nobody go.
  handOvers.ended(end('d'));
  expect(handOvers.reserved).toBe(1);
});

it('keeps it through a settle that failed, and through a lane that is busy, and not for what will never be settled', () => {
  flow();
  for (const execution of ['a', 'b']) handOvers.ended(end(execution));
  handOvers.offer([end('a'), end('b')]);
  expect(handOvers.reserved).toBe(2);
  const busy: Settled = { settlement: end('a'), verdict: 'busy' };
  handOvers.answered({ ...report([]), settled: [busy] });
  expect(handOvers.reserved).toBe(2);
  handOvers.forget(end('a'));
  expect(handOvers.reserved).toBe(1);
});

it('leaves every 17th slot to claims', () => {
  flow();
  const ends = Array.from({ length: 34 }, (_, n) => end(`e${n}`));
  for (const each of ends) handOvers.ended(each);
  expect(handOvers.reserved).toBe(32);
  expect(handOvers.offer(ends)!.executionIds).toHaveLength(32);
});

it('offers nothing where the worker takes nothing on, and no slot of a handler with a bound of its own', () => {
  flow();
  handOvers.answered(report([end('x', 'bound')], { released: [{ ...letGo.released[0]!, queue: 'bound' }] }));
  handOvers.ended(end('y', 'bound'));
  expect(handOvers.reserved).toBe(0);
  handOvers.ended(end('a'));
  free = 0;
  expect(handOvers.offer([end('a')])).toBeUndefined();
  free = 1;
  id = undefined;
  expect(handOvers.offer([end('a')])).toBeUndefined();
});
