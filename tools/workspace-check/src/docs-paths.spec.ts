import { access, glob, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { workspaceRoot } from './workspace.js';

const pages = ['README.md', 'CONTRIBUTING.md', 'docs/*.md', 'docs/adr/*.md', 'docs/benchmarks/*.md'];
/** A file or folder of the workspace in backticks; one with a place to be filled in names none. */
const path = /`((?:apps|libs|tools|examples|docs)\/[\w./*-]+)`/g;
const link = /\]\((?!https?:)([^)#]+)/g;

async function exists(pattern: string): Promise<boolean> {
  if (pattern.includes('*')) {
    for await (const _ of glob(pattern, { cwd: workspaceRoot })) return true;
    return false;
  }
  return access(join(workspaceRoot, pattern)).then(
    () => true,
    () => false, // it is not there
  );
}

test('what the pages name and link to is there', async () => {
  const missing: string[] = [];
  for await (const page of glob(pages, { cwd: workspaceRoot })) {
    const text = await readFile(join(workspaceRoot, page), 'utf8');
    const named = [...text.matchAll(path)].map(([, name = '']) => name);
    const linked = [...text.matchAll(link)].map(([, to = '']) => join(dirname(page), to));
    for (const each of new Set([...named, ...linked])) {
      if (!(await exists(each)) && !(await exists(`${each}.*`))) missing.push(`${page}: ${each}`);
    }
  }
  expect(missing).toEqual([]);
});
