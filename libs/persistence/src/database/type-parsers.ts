import pg from 'pg';

const int8 = 20;
const timestamptz = 1184;

/**
 * bigint reads as number (ids and milliseconds stay below 2^53). timestamptz stays a Date, the rest pg's own.
 */
export function getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
  if (oid === int8 && format !== 'binary') return Number;
  if (oid === timestamptz && format !== 'binary') return (text: string) => new Date(isoOf(text));
  return pg.types.getTypeParser(oid, format);
}

/** PostgreSQL's `2026-11-24 02:33:00.123+00` as ISO 8601; Date's own parser is faster than pg's. */
function isoOf(text: string): string {
  return text.endsWith('+00') ? `${text.slice(0, -3).replace(' ', 'T')}Z` : text;
}
