import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pythonPackages } from './python-packages.js';

it('says what is missing, and takes no failed installation for one', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'baton-python-'));
  const searchPath = process.env['PATH'] ?? '';
  await expect(pythonPackages(['standardwebhooks==1.1.0'], { searchPath: folder, folder })).rejects.toThrow(
    'there is no python3 on the PATH',
  );
  const none = ['standardwebhooks==0.0.0.dev0'];
  for (let tries = 0; tries < 2; tries++)
    await expect(pythonPackages(none, { searchPath, folder })).rejects.toThrow(
      /pip could not install standardwebhooks==0\.0\.0\.dev0: it needs .* a package registry/,
    );
  const [place] = await readdir(folder);
  expect(await readdir(join(folder, place!))).not.toContain('installed');
  await rm(folder, { recursive: true });
}, 120_000);
