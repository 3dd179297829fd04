import { EnteredOffsets } from './entered-offsets.js';

const partition = { topic: 't', partition: 3 };
const at = (offset: number) => ({ ...partition, offset: BigInt(offset) });

function assigned(before: number | undefined, kept = false, entered = new EnteredOffsets()): EnteredOffsets {
  entered.assign({ ...partition, kept }, { before: before === undefined ? undefined : BigInt(before) });
  return entered;
}

it('lets nothing be entered beyond what a commit has said, and says it 1,000 ahead', () => {
  const entered = assigned(undefined);
  expect(entered.mayEnter(at(7))).toBe(false);
  expect(entered.unsaid()).toEqual([partition]);
  expect(entered.toSay(partition)).toBe(1_007n);
  entered.said(partition, 1_007n);
  expect(entered.unsaid()).toEqual([]);
  expect(entered.mayEnter(at(400))).toBe(true);
  expect(entered.unsaid()).toEqual([]);
  // Before the step is used up the next is asked for, so that nobody waits for it.
  expect(entered.mayEnter(at(600))).toBe(true);
  expect(entered.toSay(partition)).toBe(1_600n);
  expect(entered.mayEnter(at(1_007))).toBe(false);
});

it('suspects what another may have entered, as far as there were records', () => {
  const entered = assigned(1_000);
  expect(entered.isSuspect(at(999))).toBe(true);
  entered.read(partition, 12n);
  expect([11, 12].map((offset) => entered.isSuspect(at(offset)))).toEqual([true, false]);
  entered.read(partition, 900n);
  expect(entered.isSuspect(at(12))).toBe(false);
  expect(entered.mayEnter(at(12))).toBe(true);
});

it('suspects nothing after a worker that left in good order', () => {
  const entered = assigned(undefined);
  entered.read(partition, 50n);
  expect(entered.isSuspect(at(0))).toBe(false);
});

it('does not suspect what it has entered itself, though the partition was given anew', () => {
  const entered = assigned(undefined);
  entered.said(partition, 1_000n);
  entered.enter(at(20));
  entered.handOver(partition);
  expect(entered.toSay(partition)).toBe(21n);
  assigned(21, true, entered);
  expect(entered.isSuspect(at(20))).toBe(false);
  expect(entered.mayEnter(at(20))).toBe(true);
  expect(entered.mayEnter(at(21))).toBe(false);
});

it('enters nothing more of what is about to change hands, until it is given anew', () => {
  const entered = assigned(undefined);
  entered.said(partition, 1_000n);
  entered.enter(at(20));
  entered.handOver(partition);
  expect([20, 21].map((offset) => entered.mayEnter(at(offset)))).toEqual([true, false]);
  expect([entered.toSay(partition), entered.unsaid()]).toEqual([21n, []]);
  assigned(21, true, entered);
  expect(entered.mayEnter(at(21))).toBe(false);
  expect(entered.unsaid()).toEqual([partition]);
});
