import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { reachesPort } from '../ports/reaches-port.js';
import { findProcess } from '../process/process-table.js';
import { waitUntil } from '../process/wait-until.js';
import { runFixture } from './fixtures/run-fixture.js';
import { keeperAddress } from './keeper-address.js';
import { sharedTestStack, stopSharedTestStack, type SharedTestStack } from './shared-test-stack.js';

/** A stack that no other test shares, since it is stopped here. */
const name = randomUUID();
const portOf = (url: string): number => Number(new URL(url).port);

afterEach(async () => {
  await stopSharedTestStack(name);
  await rm(keeperAddress(name).log, { force: true });
});

test('two processes that ask at once share one stack, which ends when nobody has used it for a while', async () => {
  const both = ['first', 'second'].map(
    () => runFixture<SharedTestStack>('share-stack.ts', [name, '500']).printed,
  );
  const [first, second] = await Promise.all(both);
  expect(first).toEqual(second);
  const { keeperPid, databaseUrl } = first as SharedTestStack;
  expect(await waitUntil(async () => (await findProcess(keeperPid)) === undefined, 20_000)).toBe(true);
  expect(await reachesPort(portOf(databaseUrl))).toBe(false);
}, 60_000);

test('a lease keeps it, stopSharedTestStack ends it for everyone', async () => {
  const stack = await sharedTestStack({ name, idleMs: 50, redis: true });
  const again = await sharedTestStack({ name });
  expect(again.keeperPid).toBe(stack.keeperPid);
  again.release();
  expect(await reachesPort(portOf(stack.redisUrl))).toBe(true);
  await stopSharedTestStack(name);
  expect(await reachesPort(portOf(stack.databaseUrl))).toBe(false);
  expect(await reachesPort(portOf(stack.redisUrl))).toBe(false);
}, 60_000);
