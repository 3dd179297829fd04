import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { goldensAreUpdated } from './golden-config.js';
import { toMatchGolden } from './to-match-golden.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'golden-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a golden file is written when asked for, and then compared with', () => {
  const file = join(folder, 'deep', 'tree.txt');
  expect(toMatchGolden('a\nb', file, false)).toMatchObject({ pass: false });
  expect(toMatchGolden('a\nb', file, true).pass).toBe(true);
  expect(readFileSync(file, 'utf8')).toBe('a\nb\n');
  expect(toMatchGolden('a\nb\n', file, false).pass).toBe(true);
  const changed = toMatchGolden('a\nc', file, false);
  expect(changed.pass).toBe(false);
  expect(changed.message()).toContain('  a\n- b\n+ c');
});

test('only by the one variable', () => {
  expect(goldensAreUpdated({})).toBe(false);
  expect(goldensAreUpdated({ UPDATE_GOLDENS: '1' })).toBe(true);
});
