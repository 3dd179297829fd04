import fc from 'fast-check';
import { PartitionTerms } from './partition-terms.js';
import { parseTerm, type Term } from './term.js';

const term = (shard: number, epoch: bigint): Term => ({ shard, epoch });

test('a record below the highest term read before it is stale, by shard', () => {
  const terms = new PartitionTerms();
  expect(terms.admit(0n, term(1, 5n))).toBe(true);
  expect(terms.admit(1n, term(2, 3n))).toBe(true);
  expect(terms.admit(2n, term(1, 6n))).toBe(true);
  expect(terms.admit(3n, term(1, 5n))).toBe(false);
  expect(terms.admit(4n, term(1, 6n))).toBe(true);
});

test('a second reading does not drop what was good, though a higher term lies after it', () => {
  const terms = PartitionTerms.restore('');
  terms.admit(0n, term(1, 5n));
  terms.admit(1n, term(1, 6n));
  expect(terms.admit(0n, term(1, 5n))).toBe(true);
  // The same in another process, which knows only what the commit before offset 0 said.
  expect(PartitionTerms.restore(terms.serialise(0n)).admit(0n, term(1, 5n))).toBe(true);
});

test('a commit carries the terms below it and none above', () => {
  const terms = new PartitionTerms();
  terms.admit(0n, term(1, 5n));
  terms.admit(1n, term(3, 1n));
  terms.admit(2n, term(1, 6n));
  expect(terms.serialise(0n)).toBe('');
  expect(terms.serialise(2n)).toBe('1:5,3:1');
  expect(terms.serialise(3n)).toBe('1:6,3:1');
  expect(PartitionTerms.restore('1:6,3:1').admit(3n, term(1, 5n))).toBe(false);
});

test('all 64 shards fit into the metadata of a commit', () => {
  const terms = new PartitionTerms();
  for (let shard = 0; shard < 64; shard += 1) terms.admit(BigInt(shard), term(shard, 10n ** 12n));
  expect(terms.serialise(64n).length).toBeLessThan(1_200);
});

test('metadata that is none is refused', () => {
  expect(() => PartitionTerms.restore('1:5;2')).toThrow('The terms "1:5;2" of a commit cannot be read');
});

test.each([undefined, '', '7', '7:', 'a:1', '1:-2', '1:2:3'])('%p is no term', (text) => {
  expect(parseTerm(text)).toBeUndefined();
});

const log = fc.array(fc.record({ shard: fc.nat(2), epoch: fc.bigInt(1n, 6n) }), {
  minLength: 1,
  maxLength: 40,
});

/** What must be admitted, straight from the rule. */
const admitted = (records: readonly Term[]): boolean[] =>
  records.map(({ shard, epoch }, at) =>
    records.slice(0, at).every((before) => before.shard !== shard || before.epoch <= epoch),
  );

test('says the same of each record, however often the reading is broken off, committed and restarted', () => {
  fc.assert(
    fc.property(
      log,
      fc.array(fc.record({ reads: fc.nat(15), commitAt: fc.nat(40), restart: fc.boolean() }), {
        maxLength: 12,
      }),
      (records, rounds) => {
        const truth = admitted(records);
        let terms = new PartitionTerms();
        let committed = 0;
        for (const { reads, commitAt, restart } of rounds) {
          const end = Math.min(records.length, committed + reads);
          for (let at = committed; at < end; at += 1)
            expect(terms.admit(BigInt(at), records[at] as Term)).toBe(truth[at]);
          const next = Math.max(committed, Math.min(end, commitAt));
          const metadata = terms.serialise(BigInt(next));
          terms.committed(BigInt(next));
          expect(terms.serialise(BigInt(next))).toBe(metadata);
          committed = next;
          if (restart) terms = PartitionTerms.restore(metadata);
        }
      },
    ),
    { numRuns: 500 },
  );
});
