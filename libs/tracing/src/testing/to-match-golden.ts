import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { goldensAreUpdated } from './golden-config.js';

export interface MatcherResult {
  pass: boolean;
  message: () => string;
}

declare global {
  // eslint-disable-next-line @typescript-eslint/no-namespace -- how Jest's types are extended
  namespace jest {
    // eslint-disable-next-line @typescript-eslint/no-unused-vars, @typescript-eslint/no-empty-object-type -- as Jest declares it
    interface Matchers<R, T = {}> {
      toMatchGolden(file: string): R;
    }
  }
}

/**
 * A Jest matcher: `expect.extend({ toMatchGolden })`, then `expect(traceTree(…)).toMatchGolden(path)`. A missing
 * file does not match: `UPDATE_GOLDENS=1` writes it.
 */
export function toMatchGolden(received: string, file: string, update = goldensAreUpdated()): MatcherResult {
  const text = `${received.trimEnd()}\n`;
  if (update) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return { pass: true, message: () => `${file} was written` };
  }
  const golden = existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  return {
    pass: golden === text,
    message: () =>
      golden === undefined
        ? `there is no ${file}; UPDATE_GOLDENS=1 writes it:\n${text}`
        : `not as in ${file} (UPDATE_GOLDENS=1 writes it anew)\n${difference(golden, text)}`,
  };
}

/** Both texts, line by line; trees are short. */
function difference(golden: string, received: string): string {
  const was = golden.split('\n');
  const is = received.split('\n');
  const lines: string[] = [];
  for (let line = 0; line < Math.max(was.length, is.length); line += 1) {
    if (was[line] === is[line]) lines.push(`  ${is[line]}`);
    else {
      if (was[line] !== undefined) lines.push(`- ${was[line]}`);
      if (is[line] !== undefined) lines.push(`+ ${is[line]}`);
    }
  }
  return lines.join('\n');
}
