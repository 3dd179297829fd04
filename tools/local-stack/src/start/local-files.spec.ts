import { readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { makeTestFolder } from '../testing/test-folder.js';
import { removeLocalFiles, writeLocalFiles, type LocalDeployment } from './local-files.js';
import { ensureMasterKey } from './master-key.js';

let folder: string;
beforeEach(async () => {
  folder = await makeTestFolder();
});
afterEach(() => rm(folder, { recursive: true }));

const modeOf = async (name: string): Promise<number> => (await stat(path.join(folder, name))).mode & 0o777;

test('the master key is made once and is for the owner alone', async () => {
  const key = await ensureMasterKey(folder);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(await ensureMasterKey(folder)).toBe(key);
  expect(await modeOf('master.key')).toBe(0o600);
});

test('addresses are there while the deployment is ready', async () => {
  const deployment: LocalDeployment = {
    producer: 'http://127.0.0.1:3000',
    gateway: 'http://127.0.0.1:3001',
    apiKey: 'k1',
    tenants: [
      { name: 'acme', apiKey: 'k1' },
      { name: 'globex', apiKey: 'k2' },
    ],
    databaseUrl: 'postgres://db',
    pids: { postgres: 1 },
    modes: ['polling'],
  };
  await writeLocalFiles(folder, deployment, { DATABASE_URL: 'postgres://db', WEBHOOK_ALLOW: '127.0.0.0/8' });
  expect(JSON.parse(await readFile(path.join(folder, 'local.json'), 'utf8'))).toEqual(deployment);
  expect(await readFile(path.join(folder, 'local.env'), 'utf8')).toBe(
    'DATABASE_URL=postgres://db\nWEBHOOK_ALLOW=127.0.0.0/8\n',
  );
  expect(await modeOf('local.json')).toBe(0o600);
  await removeLocalFiles(folder);
  await expect(readFile(path.join(folder, 'local.json'))).rejects.toThrow('ENOENT');
});
