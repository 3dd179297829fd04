import { AttemptSlots, mostInFlight } from './attempt-slots.js';

/** Ten seconds later they are all slow. */
function makeSlow(slots: AttemptSlots, receivers: readonly string[]): void {
  const giveBack = receivers.map((receiver) => slots.take(receiver, 0));
  for (const give of giveBack) give(10_000);
}

const named = (count: number): string[] => Array.from({ length: count }, (_, n) => `r${n}`);

it('gives a slot back when its try has lasted', () => {
  const slots = new AttemptSlots();
  for (const receiver of named(256)) slots.take(receiver, 0);
  expect([slots.free(999), slots.free(1_000)]).toEqual([0, 256]);
});

it('counts none of the young for a receiver that was slow', () => {
  const slots = new AttemptSlots();
  makeSlow(slots, named(200));
  const all = slots.free(10_000);
  for (const receiver of named(200)) slots.take(receiver, 10_000);
  expect(slots.free(10_000)).toBe(all);
});

it('skips the slow ones while they have half of all', () => {
  const slots = new AttemptSlots();
  makeSlow(slots, named(mostInFlight));
  for (const receiver of named(mostInFlight / 2)) slots.take(receiver, 10_000);
  const taken = slots.taken();
  expect(Object.keys(taken)).toHaveLength(mostInFlight);
  expect(new Set(Object.values(taken))).toEqual(new Set([slots.perReceiver]));
  expect(slots.free(10_000)).toBeGreaterThanOrEqual(mostInFlight / 2);
});

it('leaves two of its eight to a receiver that was slow', () => {
  const slots = new AttemptSlots();
  makeSlow(slots, ['r']);
  const left = (): number => slots.perReceiver - slots.taken()['r']!;
  const before = left();
  const giveBack = slots.take('r', 10_000);
  slots.take('r', 10_000);
  expect([before, left()]).toEqual([2, 0]);
  giveBack(10_100); // quick this time
  expect(left()).toBe(slots.perReceiver - 1);
});

it('asks for none while few are free', () => {
  const slots = new AttemptSlots();
  for (const receiver of named(250)) slots.take(receiver, 0);
  expect(slots.free(0)).toBe(0);
});
