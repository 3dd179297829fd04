import path from 'node:path';
import { repositoryRoot } from '../repository-root.js';

/** Runs a TypeScript entry of the repository from its sources, as `node` with these arguments, in the repository's root. */
export function nodeArguments(entry: string, imports: readonly string[] = []): string[] {
  const loader = ['--conditions=@baton/source', '--enable-source-maps', '--import', './tools/ts-hook.mjs'];
  return [...loader, ...imports.flatMap((name) => ['--import', name]), path.join(repositoryRoot, entry)];
}
