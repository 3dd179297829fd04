import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fallbackFolder, reachableFolder } from './reachable-folder.js';

/** Some user who is not the one that runs the tests. */
const stranger = { uid: 54_321, gid: 54_321 };

test('a folder that its user cannot enter is replaced by one that it can', async () => {
  const home = await mkdtemp(path.join(os.tmpdir(), 'baton-test-'));
  const wanted = path.join(home, 'data');
  await chmod(home, 0o755);
  expect(await reachableFolder(wanted, stranger)).toBe(wanted);
  await chmod(home, 0o700);
  expect(await reachableFolder(wanted, undefined)).toBe(wanted);
  expect(await reachableFolder(wanted, stranger)).toBe(fallbackFolder(wanted));
  await Promise.all([home, fallbackFolder(wanted)].map((folder) => rm(folder, { recursive: true })));
});
