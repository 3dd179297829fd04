export interface Table {
  /** A column whose name begins with `>` is set to the right. */
  columns: readonly string[];
  rows: readonly (readonly string[])[];
}

const isRight = (column: string): boolean => column.startsWith('>');
const nameOf = (column: string): string => column.replace(/^>/, '');

/** For a terminal: columns two blanks apart, a rule beneath the names. */
export function textTable({ columns, rows }: Table): string {
  const widths = columns.map((column, i) =>
    Math.max(nameOf(column).length, ...rows.map((row) => row[i]?.length ?? 0)),
  );
  const line = (cells: readonly string[]): string =>
    columns
      .map((column, i) =>
        isRight(column) ? (cells[i] ?? '').padStart(widths[i]!) : (cells[i] ?? '').padEnd(widths[i]!),
      )
      .join('  ')
      .trimEnd();
  return [line(columns.map(nameOf)), line(widths.map((width) => '─'.repeat(width))), ...rows.map(line)].join(
    '\n',
  );
}

/** For a page. */
export function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(columns.map(nameOf)),
    line(columns.map((column) => (isRight(column) ? '---:' : '---'))),
    ...rows.map(line),
  ].join('\n');
}
