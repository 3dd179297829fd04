import type { Variant } from './signature-input.js';

export interface SignedParts {
  id: string;
  timestamp: string;
  body: Buffer;
}
export type Layout = (parts: SignedParts) => Buffer;

const join =
  (separator: string, ...names: (keyof SignedParts)[]): Layout =>
  (parts) =>
    Buffer.concat(
      names.flatMap((name, i) => [Buffer.from(i === 0 ? '' : separator), Buffer.from(parts[name])]),
    );

/** `<id>.<timestamp>.<body>`, as Standard Webhooks has it. */
export const standardLayout: Layout = join('.', 'id', 'timestamp', 'body');
/** `<timestamp>.<body>`, of the header set `x-signature`. */
export const xSignatureLayout: Layout = join('.', 'timestamp', 'body');

const fix = 'sign "<webhook-id>.<webhook-timestamp>.<body>", with dots and nothing else between';

export const layoutVariants: readonly Variant<Layout>[] = [
  { name: '"<timestamp>.<body>", without the id', fix, value: xSignatureLayout },
  { name: 'the body alone', fix, value: join('.', 'body') },
  { name: '"<id>.<body>", without the timestamp', fix, value: join('.', 'id', 'body') },
  { name: '"<timestamp>.<id>.<body>"', fix, value: join('.', 'timestamp', 'id', 'body') },
  { name: '"<id><timestamp><body>", without dots', fix, value: join('', 'id', 'timestamp', 'body') },
  { name: '"<id>:<timestamp>:<body>", with colons', fix, value: join(':', 'id', 'timestamp', 'body') },
  { name: 'the three with a newline between', fix, value: join('\n', 'id', 'timestamp', 'body') },
];

export const algorithmVariants: readonly Variant<string>[] = [
  ['HMAC-SHA-1', 'sha1'],
  ['HMAC-SHA-512', 'sha512'],
  ['HMAC-SHA-384', 'sha384'],
  ['HMAC-MD5', 'md5'],
].map(([name = '', value = '']) => ({ name, fix: 'use HMAC-SHA-256', value }));

/** A clock's difference that is looked through, second by second. */
const aroundSeconds = 900;

const sameTime =
  'sign the text of the header webhook-timestamp, not a time of your own; each try has its own';

export function timestampVariants(timestamp: string): Variant<string>[] {
  const number = Number(timestamp);
  if (/^\d{13}$/.test(timestamp))
    return [
      {
        name: 'the timestamp in seconds',
        fix: 'seconds since 1970, not milliseconds',
        value: timestamp.slice(0, 10),
      },
    ];
  if (!/^\d{1,12}$/.test(timestamp)) {
    const at = Date.parse(timestamp);
    return Number.isNaN(at)
      ? []
      : [
          {
            name: 'the timestamp in seconds',
            fix: 'seconds since 1970, not a date',
            value: String(Math.floor(at / 1_000)),
          },
        ];
  }
  const variants: Variant<string>[] = [
    {
      name: 'the timestamp in milliseconds',
      fix: 'seconds since 1970, not milliseconds',
      value: `${timestamp}000`,
    },
    {
      name: 'the timestamp as a date',
      fix: 'seconds since 1970, not a date',
      value: new Date(number * 1_000).toISOString(),
    },
  ];
  return variants;
}

/** Other seconds, the nearest first. */
export function shiftedTimestamps(timestamp: string): Variant<string>[] {
  if (!/^\d{1,12}$/.test(timestamp)) return [];
  const number = Number(timestamp);
  return Array.from({ length: 2 * aroundSeconds }, (_, i) => {
    const by = (i % 2 === 0 ? -1 : 1) * (Math.floor(i / 2) + 1);
    const value = String(number + by);
    return { name: `the timestamp ${value} (${by > 0 ? '+' : ''}${by} s)`, fix: sameTime, value };
  });
}

export function idVariants(id: string): Variant<string>[] {
  const fix = 'sign the text of the header webhook-id, whole and unchanged';
  const forms: [string, string][] = [
    ['the id without "msg_"', id.replace(/^msg_/, '')],
    ['the id with "msg_" before it', `msg_${id}`],
    ['the id in lower case', id.toLowerCase()],
    ['the id in upper case', id.toUpperCase()],
    ['the id without white space around it', id.trim()],
    ['an empty id', ''],
  ];
  return forms.filter(([, value]) => value !== id).map(([name, value]) => ({ name, fix, value }));
}
