import { once } from 'node:events';
import { readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findProcess } from '../process/process-table.js';
import { waitUntil } from '../process/wait-until.js';
import { runFixture } from '../testing/fixtures/run-fixture.js';
import { makeTestFolder } from '../testing/test-folder.js';
import { startStack } from './start-stack.js';

interface Printed {
  pids: Record<string, number>;
  databaseUrl: string;
}

const areGone = async (pids: readonly number[]): Promise<boolean> =>
  (await Promise.all(pids.map(findProcess))).every((entry) => entry === undefined);

async function startAndKill(dir: string, ...args: string[]): Promise<Printed> {
  const { child, printed } = runFixture<Printed>('start-and-wait.ts', [dir, ...args]);
  const stack = await printed;
  child.kill('SIGKILL');
  await once(child, 'exit');
  return stack;
}

let dir: string;
beforeEach(async () => {
  dir = await makeTestFolder();
});
afterEach(() => rm(dir, { recursive: true, force: true }));

test('no server outlives a parent that was killed, and throw-away data goes too', async () => {
  const { pids } = await startAndKill(dir);
  expect(Object.keys(pids).sort()).toEqual(['kafka', 'postgres', 'redis']);
  expect(await waitUntil(() => areGone(Object.values(pids)), 15_000, 50)).toBe(true);
  expect(
    await waitUntil(async () => !(await readdir(os.tmpdir())).includes(path.basename(dir)), 15_000, 50),
  ).toBe(true);
}, 120_000);

test('the next start takes over from a killed one at once', async () => {
  const { pids, databaseUrl } = await startAndKill(dir, 'persistent');
  const stack = await startStack({ dir, services: ['postgres'], persistent: true, durable: false });
  expect(await areGone(Object.values(pids))).toBe(true);
  expect(stack.databaseUrl).toBe(databaseUrl);
  await stack.stop();
}, 120_000);
