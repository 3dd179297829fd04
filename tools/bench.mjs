// The entry of `npm run bench`: becomes the Node process that runs apps/bench/src/main.ts from its sources.
// Replaced, not wrapped (same pid): signals reach it directly, and nothing is left if it is killed.
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const loader = ['--conditions=@baton/source', '--enable-source-maps', '--import', './tools/ts-hook.mjs'];
const main = path.join('apps', 'bench', 'src', 'main.ts');

process.chdir(root);
process.removeAllListeners('warning'); // execve is marked experimental in Node 24 and warns
process.execve(process.execPath, [process.execPath, ...loader, main, ...process.argv.slice(2)]);
