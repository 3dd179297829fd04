import { InboxClock } from './inbox-clock.js';

let now = 0;
let clock: InboxClock;
beforeEach(() => {
  now = 0;
  clock = new InboxClock(() => now);
  clock.assign(0);
});

const at = (seconds: number): number => 1_700_000_000_000 + seconds * 1_000;

function apply(offset: bigint, seconds: number): void {
  clock.read(0, offset, at(seconds));
  clock.applied(0, offset + 1n);
}

it('reaches the last record before which all is applied, not the last that is', () => {
  apply(0n, 0);
  clock.take();
  for (const offset of [1n, 2n, 3n]) clock.read(0, offset, at(Number(offset)));
  clock.applied(0, 2n);
  expect(clock.take()).toEqual([
    { partition: 0, reachedAtMs: at(1), reachedOffset: 1, deafUntilMs: undefined },
  ]);
  expect(clock.take()).toEqual([]);
});

it('a minute in which inbox or broker stood still is told as such', () => {
  apply(0n, 0);
  clock.take();
  apply(1n, 2);
  expect(clock.take()[0]).toMatchObject({ reachedAtMs: at(2), deafUntilMs: undefined });
  apply(2n, 62);
  apply(3n, 63);
  expect(clock.take()[0]).toMatchObject({ reachedAtMs: at(63), deafUntilMs: at(62) });
});

it('knows nothing of the time before it had the partition', () => {
  apply(0n, 0);
  expect(clock.take()[0]).toMatchObject({ deafUntilMs: at(0) });
});

it('gives back what could not be written', () => {
  apply(0n, 0);
  clock.giveBack(clock.take());
  expect(clock.take()[0]).toMatchObject({ reachedAtMs: at(0), deafUntilMs: at(0) });
});

it('is quiet where nothing was applied for a while, and forgets partitions that are lost', () => {
  apply(0n, 0);
  now = 999;
  expect(clock.quiet(1_000)).toEqual([]);
  now = 1_000;
  expect(clock.quiet(1_000)).toEqual([0]);
  clock.lose(0);
  expect(clock.quiet(1_000)).toEqual([]);
});
