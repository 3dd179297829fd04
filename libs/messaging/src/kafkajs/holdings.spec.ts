import { Holdings } from './holdings.js';

const p = (partition: number) => ({ topic: 't', partition });
const committed = (offset: bigint | undefined) =>
  new Map([0, 1, 2].map((n) => [`t/${n}`, { offset, metadata: undefined }]));

function settled(offset: bigint | undefined, partitions = [p(0), p(1)]): Holdings {
  const holdings = new Holdings();
  holdings.joined('member-1', partitions);
  holdings.settle(committed(offset));
  return holdings;
}

test('a partition of the same member is kept, the others are lost or new', () => {
  const holdings = settled(5n);
  const { epoch, lost, held } = holdings.joined('member-1', [p(1), p(2)]);
  expect({ epoch, lost, held }).toEqual({ epoch: 2, lost: [p(0)], held: [p(1), p(2)] });
  expect(holdings.settle(committed(6n)).partitions.map(({ kept }) => kept)).toEqual([true, false]);
});

test('a new member id keeps nothing: the partition was out of our hands', () => {
  const holdings = settled(5n);
  expect(holdings.joined('member-2', [p(0), p(1)]).lost).toEqual([p(0), p(1)]);
  expect(holdings.settle(committed(5n)).partitions.some(({ kept }) => kept)).toBe(false);
});

test('is settled only while the committed offsets of the latest join are known', () => {
  const holdings = settled(5n);
  expect(holdings.settled).toBe(true);
  holdings.joined('member-1', [p(0)]);
  expect(holdings.settled).toBe(false);
  holdings.settle(committed(5n));
  expect(holdings.clear()).toEqual([p(0)]);
  expect(holdings.settled).toBe(false);
});

test('a batch begins where the partition stands, or earlier', () => {
  const holdings = settled(5n);
  expect(holdings.judge(p(0), 5n)).toBe('take');
  holdings.moveTo(p(0), 9n);
  expect(holdings.judge(p(0), 7n)).toBe('take');
  expect(holdings.judge(p(2), 0n)).toBe('drop');
});

test('a batch past the position is refused once, and taken if seeking does not help', () => {
  const holdings = settled(5n);
  expect(holdings.judge(p(0), 8n)).toBe(5n);
  expect(holdings.judge(p(0), 8n)).toBe('take');
  holdings.moveTo(p(0), 10n);
  expect(holdings.judge(p(0), 12n)).toBe(10n);
});

test('without a committed offset the first batch may begin anywhere', () => {
  expect(settled(undefined).judge(p(0), 100n)).toBe('take');
});

test('commits are for what is held, and never go back', () => {
  const holdings = settled(5n);
  expect(holdings.refusal({ ...p(2), offset: 9n })).toBe('not_assigned');
  expect(holdings.refusal({ ...p(0), offset: 4n })).toBe('behind');
  expect(holdings.refusal({ ...p(0), offset: 5n })).toBeUndefined();
  holdings.markCommitted({ ...p(0), offset: 8n });
  expect(holdings.refusal({ ...p(0), offset: 7n })).toBe('behind');
});
