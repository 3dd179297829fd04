import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { readLocalStackConfig } from '../local-stack.config.js';
import { makeTestFolder } from '../testing/test-folder.js';
import { prepareDatabase, type DevelopmentTenant } from './prepare-database.js';

let folder: string;
beforeEach(async () => {
  folder = await makeTestFolder();
});
afterEach(() => rm(folder, { recursive: true }));

function prepare(): Promise<DevelopmentTenant[]> {
  const { NODE_OPTIONS: _ofTheTestRunner, ...environment } = readLocalStackConfig().environment;
  return prepareDatabase({
    folder,
    environment,
    seedEntry: 'tools/local-stack/src/testing/fixtures/tiny-seed.ts',
  });
}

test('two tenants are made, and keep their keys', async () => {
  const tenants = [
    { name: 'acme', apiKey: 'key-of-acme' },
    { name: 'globex', apiKey: 'key-of-globex' },
  ];
  expect(await prepare()).toEqual(tenants);
  await writeFile(path.join(folder, 'tenants.json'), JSON.stringify([{ name: 'acme', apiKey: 'kept' }]));
  expect(await prepare()).toEqual([{ name: 'acme', apiKey: 'kept' }, tenants[1]]);
}, 30_000);

test('a seed that fails is told in its own words', async () => {
  await writeFile(path.join(folder, 'tenants.json'), JSON.stringify([{ name: 'acme', apiKey: 'refused' }]));
  await expect(prepare()).rejects.toThrow(
    /Preparing the database failed .*tiny-seed\.ts ended with code 1.*the schema is newer than this code/s,
  );
}, 30_000);
