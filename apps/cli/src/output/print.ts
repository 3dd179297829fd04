import type { CommandParts } from '../command-parts.js';

/** Prints what a command found: for people, or as one JSON document. */
export function print(
  { terminal }: Pick<CommandParts, 'terminal'>,
  { json = false, value, text }: { json?: boolean | undefined; value: unknown; text: () => string },
): void {
  terminal.out(json ? `${JSON.stringify(value, null, 2)}\n` : `${text().replace(/\n*$/, '')}\n`);
}

/** Columns, each as wide as its widest word; the last is not filled up. */
export function columns(rows: readonly (readonly string[])[], indent = ''): string {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  return rows
    .map((row) => `${indent}${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
    .join('\n');
}

/** Breaks a text into lines of at most `width` characters, all but the first indented. */
export function wrap(text: string, indent: string, width = 100): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && `${indent}${line} ${word}`.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join(`\n${indent}`);
}
