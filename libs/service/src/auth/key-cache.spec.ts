import { KeyCache } from './key-cache.js';
import type { FoundKey } from './key-lookup.js';

const found: FoundKey = { keyId: 'k', tenantId: 't', tenantName: 'n', scopes: [] };
const a = Buffer.from('a');

function cacheOf(known: FoundKey | undefined, size = 10) {
  const clock = { now: 0 };
  const asked: string[] = [];
  const findByHash = async (hash: Buffer) => {
    asked.push(hash.toString());
    return known;
  };
  return { clock, asked, cache: new KeyCache({ findByHash }, { size, now: () => clock.now }) };
}

test('believes a found key for 10 s and an unknown one for 1 s', async () => {
  for (const [known, ms] of [
    [found, 10_000],
    [undefined, 1_000],
  ] as const) {
    const { cache, clock } = cacheOf(known);
    expect(cache.peek(a)).toBeUndefined();
    await cache.fetch(a);
    clock.now = ms - 1;
    expect(cache.peek(a)).toMatchObject({ found: known });
    clock.now = ms;
    expect(cache.peek(a)).toBeUndefined();
  }
});

test('concurrent look-ups of a key are one', async () => {
  const { cache, asked } = cacheOf(found);
  await Promise.all([cache.fetch(a), cache.fetch(a)]);
  expect(asked).toEqual(['a']);
});

test('forgets the least recently used key when it is full', async () => {
  const { cache } = cacheOf(found, 2);
  await cache.fetch(a);
  await cache.fetch(Buffer.from('b'));
  cache.peek(a);
  await cache.fetch(Buffer.from('c'));
  expect(cache.peek(a)).toBeDefined();
  expect(cache.peek(Buffer.from('b'))).toBeUndefined();
});
