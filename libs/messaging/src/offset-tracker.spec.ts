import fc from 'fast-check';
import { OffsetTracker, type TakenOffset } from './offset-tracker.js';

const p = { topic: 't', partition: 0 };
const fresh = (committed?: bigint) => ({ ...p, committed, kept: false });

function taken(tracker: OffsetTracker, offset: bigint): TakenOffset {
  const ticket = tracker.take(p, offset);
  if (!ticket) throw new Error(`Offset ${offset} was skipped.`);
  return ticket;
}

test('commits the lowest unfinished offset, whatever the order of the ends', () => {
  const tracker = new OffsetTracker();
  tracker.assign(fresh(10n));
  const [a, b, c] = [10n, 11n, 14n].map((offset) => taken(tracker, offset)) as [
    TakenOffset,
    TakenOffset,
    TakenOffset,
  ];
  expect(tracker.uncommitted()).toEqual([]);
  tracker.done(c);
  expect(tracker.committable(p)).toBe(10n);
  tracker.done(a);
  expect(tracker.uncommitted()).toEqual([{ ...p, offset: 11n }]);
  tracker.done(b);
  expect(tracker.committable(p)).toBe(15n);
  tracker.committed({ ...p, offset: 15n });
  expect(tracker.uncommitted()).toEqual([]);
});

test('a second reading of what is in flight or done is skipped', () => {
  const tracker = new OffsetTracker();
  tracker.assign(fresh());
  const first = taken(tracker, 3n);
  expect(tracker.take(p, 3n)).toBeUndefined();
  tracker.done(first);
  expect(tracker.take(p, 3n)).toBeUndefined();
  expect(tracker.done(first)).toBe(false);
});

test('a kept partition goes on; a lost one begins afresh and late ends change nothing', () => {
  const tracker = new OffsetTracker();
  tracker.assign(fresh(0n));
  const zero = taken(tracker, 0n);
  const one = taken(tracker, 1n);
  tracker.assign({ ...p, committed: 0n, kept: true });
  expect(tracker.take(p, 0n)).toBeUndefined();
  expect(tracker.done(zero)).toBe(true);
  tracker.lose(p);
  expect(tracker.take(p, 2n)).toBeUndefined();
  tracker.assign(fresh(1n));
  const again = taken(tracker, 1n);
  expect(tracker.done(one)).toBe(false);
  expect(tracker.committable(p)).toBe(1n);
  expect(tracker.done(again)).toBe(true);
  expect(tracker.committable(p)).toBe(2n);
});

test('never commits below what others have committed meanwhile', () => {
  const tracker = new OffsetTracker();
  tracker.assign(fresh(0n));
  const zero = taken(tracker, 0n);
  taken(tracker, 1n);
  tracker.assign({ ...p, committed: 5n, kept: true });
  expect(tracker.committable(p)).toBe(5n);
  expect(tracker.done(zero)).toBe(false);
  expect(tracker.take(p, 4n)).toBeUndefined();
  expect(tracker.span(p)).toBe(0);
});

test('is full from the high-water mark until half of it', () => {
  const tracker = new OffsetTracker({ highWaterMark: 4 });
  tracker.assign(fresh(0n));
  const tickets = [0n, 1n, 2n, 3n].map((offset) => taken(tracker, offset));
  expect(tracker.isFull(p)).toBe(true);
  const full = tickets.map((ticket) => {
    tracker.done(ticket);
    return tracker.isFull(p);
  });
  expect(full).toEqual([true, false, false, false]);
});

test('a high-water mark that is no whole number is refused', () => {
  expect(() => new OffsetTracker({ highWaterMark: 0 })).toThrow(
    'highWaterMark is 0; it must be a whole number of at least 1.',
  );
});

type Step =
  | { do: 'take'; gap: number }
  | { do: 'finish'; which: number }
  | { do: 'commit' }
  | { do: 'rejoin'; kept: boolean };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('take' as const), gap: fc.integer({ min: 0, max: 3 }) }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('finish' as const), which: fc.nat(50) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('commit' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rejoin' as const), kept: fc.boolean() }) },
);

/** A log whose offsets have gaps, a reader that re-reads from the commit after each join, and the truth about what ended. */
class Model {
  readonly tracker = new OffsetTracker({ highWaterMark: 8 });
  readonly log: bigint[] = [];
  readonly ended = new Set<bigint>();
  open: TakenOffset[] = [];
  old: TakenOffset[] = [];
  committed = 0n;
  position = 0;

  constructor() {
    this.tracker.assign(fresh(0n));
  }

  run(action: Step): void {
    if (action.do === 'take') this.take(action.gap);
    else if (action.do === 'finish') this.finish(action.which);
    else if (action.do === 'commit') this.commit();
    else this.rejoin(action.kept);
  }

  private take(gap: number): void {
    if (this.position === this.log.length) this.log.push((this.log.at(-1) ?? -1n) + 1n + BigInt(gap));
    const offset = this.log[this.position] as bigint;
    this.position += 1;
    const ticket = this.tracker.take(p, offset);
    const known = this.ended.has(offset) || this.open.some((other) => other.offset === offset);
    // Skipped if and only if this holding has it already.
    if (ticket) {
      expect(this.open.some((other) => other.offset === offset)).toBe(false);
      this.open.push(ticket);
    } else expect(known).toBe(true);
  }

  private finish(which: number): void {
    const late = this.old[which % 7];
    if (late) expect(this.tracker.done(late)).toBe(false);
    const ticket = this.open[which % (this.open.length || 1)];
    if (!ticket) return;
    expect(this.tracker.done(ticket)).toBe(true);
    this.open = this.open.filter((other) => other !== ticket);
    this.ended.add(ticket.offset);
  }

  private commit(): void {
    for (const { offset } of this.tracker.uncommitted()) {
      expect(offset).toBeGreaterThan(this.committed);
      this.committed = offset;
      this.tracker.committed({ ...p, offset });
    }
  }

  private rejoin(kept: boolean): void {
    if (!kept) {
      this.tracker.lose(p);
      this.old.push(...this.open);
      this.open = [];
    }
    this.tracker.assign({ ...p, committed: this.committed, kept });
    const next = this.log.findIndex((offset) => offset >= this.committed);
    this.position = next === -1 ? this.log.length : next;
  }

  check(): void {
    const committable = this.tracker.committable(p) as bigint;
    expect(committable).toBeGreaterThanOrEqual(this.committed);
    for (const offset of this.log.slice(0, this.position))
      if (offset < committable) expect(this.ended.has(offset)).toBe(true);
    for (const { offset } of this.open) expect(offset).toBeGreaterThanOrEqual(committable);
    expect(this.tracker.unfinished()).toBe(this.open.length);
  }
}

test('commits never pass unfinished work nor go back, through losses and second readings', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const model = new Model();
      for (const action of steps) {
        model.run(action);
        model.check();
      }
    }),
    { numRuns: 300 },
  );
});

test('goes through a hundred thousand offsets without growing', () => {
  const tracker = new OffsetTracker();
  tracker.assign(fresh(0n));
  for (let offset = 0n; offset < 100_000n; offset += 1n) tracker.done(taken(tracker, offset));
  expect(tracker.committable(p)).toBe(100_000n);
  expect(tracker.span(p)).toBe(0);
});
