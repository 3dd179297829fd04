/**
 * Finds values inside JSON text, so that a payload is measured and kept as it was sent: neither its numbers nor
 * its spelling are changed. The text is known to be valid (`JSON.parse` took it), so nothing here checks it.
 * Positions are indices into the text.
 */
export interface Span {
  start: number;
  end: number;
}

/** The value of the object's member, the last one where the name is given twice, as `JSON.parse` has it. */
export function memberOf(text: string, object: Span, name: string): Span | undefined {
  let found: Span | undefined;
  let at = skipSpace(text, object.start + 1);
  while (text[at] === '"') {
    const keyEnd = stringEnd(text, at);
    const value = valueAt(text, skipSpace(text, keyEnd) + 1);
    if (isKey(text.slice(at, keyEnd), name)) found = value;
    at = afterComma(text, value.end);
  }
  return found;
}

/** The object's members, in order, with their names as they are meant. */
export function* membersOf(text: string, object: Span): Generator<{ name: string; value: Span }> {
  let at = skipSpace(text, object.start + 1);
  while (text[at] === '"') {
    const keyEnd = stringEnd(text, at);
    const value = valueAt(text, skipSpace(text, keyEnd) + 1);
    yield { name: JSON.parse(text.slice(at, keyEnd)) as string, value };
    at = afterComma(text, value.end);
  }
}

/** The array's elements, in order. */
export function* elementsOf(text: string, array: Span): Generator<Span> {
  let at = skipSpace(text, array.start + 1);
  while (at < array.end - 1) {
    const value = valueAt(text, at);
    yield value;
    at = afterComma(text, value.end);
  }
}

/** The value that begins at or after a position. */
export function valueAt(text: string, from: number): Span {
  const start = skipSpace(text, from);
  const first = text[start];
  if (first === '"') return { start, end: stringEnd(text, start) };
  if (first === '{' || first === '[') return { start, end: containerEnd(text, start) };
  let end = start;
  while (end < text.length && !',]} \n\r\t'.includes(text.charAt(end))) end++;
  return { start, end };
}

function isKey(quoted: string, name: string): boolean {
  return quoted.includes('\\') ? JSON.parse(quoted) === name : quoted === `"${name}"`;
}

function afterComma(text: string, at: number): number {
  const next = skipSpace(text, at);
  return text[next] === ',' ? skipSpace(text, next + 1) : next;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return at;
    at++;
  }
}

function stringEnd(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1);
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1);
  return quote + 1;
}

/** Whether an odd number of backslashes stands before it. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote;
  while (text[at - 1] === '\\') at--;
  return (quote - at) % 2 === 1;
}

function containerEnd(text: string, start: number): number {
  let depth = 0;
  let at = start;
  for (;;) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = stringEnd(text, at);
        continue;
      case 0x7b: // {
      case 0x5b: // [
        depth++;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        depth--;
        if (depth === 0) return at + 1;
        break;
    }
    at++;
  }
}
