import { readFileSync } from 'node:fs';
import { errorCodes } from './error-codes.js';

const page = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8');

it('are explained in docs/errors.md, each in a line of its own, and no others are', () => {
  const explained = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| (yes|no) \| .{10,} \|$/gm)].map(
    ([, code, status, again]) => [code, { status: Number(status), retryable: again === 'yes' }],
  );
  const known = Object.entries(errorCodes).map(([code, { status, retryable }]) => [
    code,
    { status, retryable },
  ]);
  expect(explained.sort()).toEqual(known.sort());
});
