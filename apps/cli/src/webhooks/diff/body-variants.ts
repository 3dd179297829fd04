import type { Variant } from './signature-input.js';

const raw = 'verify the bytes as they came, before any parser or framework touches them';

/** The bytes that were signed, where a body was changed on its way, read as text, or parsed and written anew. */
export function bodyVariants(body: Buffer): Variant<Buffer>[] {
  const text = body.toString('utf8');
  const variants: Variant<Buffer>[] = [];
  const add = (name: string, value: Buffer | string, fix = raw): void => {
    const bytes = Buffer.from(value);
    if (!bytes.equals(body) && !variants.some((known) => known.value.equals(bytes)))
      variants.push({ name, fix, value: bytes });
  };
  const trimmed = text.replace(/[\r\n]+$/, '');
  add(
    'the body without the newline at its end',
    trimmed,
    'something added a newline (an editor, echo, a template): cut it off',
  );
  add(
    'the body with a newline at its end',
    `${text}\n`,
    'something cut the newline at the end: keep the bytes as they came',
  );
  add(
    'the body with CR LF at its end',
    `${text}\r\n`,
    'something cut the line end: keep the bytes as they came',
  );
  add(
    'the body with LF for each CR LF',
    text.replaceAll('\r\n', '\n'),
    'something changed line ends to CR LF: read it as binary',
  );
  add(
    'the body with CR LF for each LF',
    text.replace(/\r?\n/g, '\r\n'),
    'something changed line ends to LF: read it as binary',
  );
  add(
    'the body without a byte order mark',
    text.replace(/^\uFEFF/, ''),
    'something put a byte order mark in front: read it as binary',
  );
  add(
    'the body with a byte order mark',
    `\uFEFF${text}`,
    'something cut the byte order mark: read it as binary',
  );
  add('the body without white space around it', text.trim());
  add(
    'the body read as Latin-1 and written as UTF-8',
    Buffer.from(body.toString('latin1'), 'utf8'),
    'the encoding was guessed wrongly: do not decode the body before verifying',
  );
  add(
    'the body read as UTF-8 and written as Latin-1',
    Buffer.from(text, 'latin1'),
    'the encoding was guessed wrongly: do not decode the body before verifying',
  );
  add('the body twice encoded as a JSON string', JSON.stringify(text));
  for (const [name, value] of writtenAnew(text)) add(name, value, `it was parsed and written anew; ${raw}`);
  add('an empty body', '', 'something read the body before it was signed or verified');
  return variants;
}

function writtenAnew(text: string): [string, string][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return []; // it is no JSON, so nobody wrote it anew as such
  }
  const forms: [string, string][] = [];
  if (typeof value === 'string') forms.push(['the text within the JSON string', value]);
  const compact = JSON.stringify(value);
  const python = spaced(value);
  forms.push(['the body written anew as compact JSON (JSON.stringify)', compact]);
  for (const indent of [2, 4, '\t'])
    forms.push([
      `the body written anew as JSON with indentation (${JSON.stringify(indent)})`,
      JSON.stringify(value, null, indent),
    ]);
  forms.push(["the body written anew as Python's json.dumps does", escaped(python)]);
  forms.push(['the body written anew with ", " and ": " between (json.dumps, ensure_ascii=False)', python]);
  forms.push(['the body written anew with its keys sorted', JSON.stringify(sorted(value))]);
  forms.push(['the body with \\u escapes for what is not ASCII', escaped(compact)]);
  forms.push([
    "the body with slashes escaped, as PHP's json_encode does",
    escaped(compact).replaceAll('/', '\\/'),
  ]);
  forms.push([
    "the body with <, > and & escaped, as Go's encoding/json does",
    compact.replace(/[<>&]/g, unicodeEscape),
  ]);
  return forms;
}

function unicodeEscape(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Each UTF-16 unit beyond ASCII by its number. */
function escaped(text: string): string {
  return text.replace(/[\u0080-\uffff]/g, unicodeEscape);
}

function spaced(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spaced).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${spaced(each)}`)
    .join(', ')}}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sorted(each)]),
  );
}
