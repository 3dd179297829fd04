import { createHmac } from 'node:crypto';
import { bodyVariants } from './body-variants.js';
import { keyOf, keyVariants } from './key-variants.js';
import type { SignatureInput, SignaturePart, Variant } from './signature-input.js';
import {
  algorithmVariants,
  idVariants,
  type Layout,
  layoutVariants,
  standardLayout,
  shiftedTimestamps,
  timestampVariants,
  xSignatureLayout,
} from './text-variants.js';

/** One part in which the two sides differ. */
export interface Difference {
  part: SignaturePart;
  name: string;
  fix: string;
}

export interface Explanation {
  /** It matches as it is. */
  matches: boolean;
  /** What explains it, with the fewest parts; undefined when nothing does. */
  differences?: Difference[];
  /** What it should be for this input: `v1,` and base64. */
  expected: string;
}

interface Recipe {
  id: string;
  timestamp: string;
  body: Buffer;
  key: Buffer;
  layout: Layout;
  algorithm: string;
}

type Change = Difference & { apply: (recipe: Recipe) => Recipe };

/**
 * Finds out what a signature was made of that does not match what somebody has: one part that differs, or two.
 * @param signatures `v1,<base64>`, bare base64, hexadecimal, or `sha256=<hex>`
 * @param options.headers the header set: what is signed without a difference
 */
export function explainSignature(
  input: SignatureInput,
  signatures: readonly string[],
  { headers = 'standard' }: { headers?: 'standard' | 'x-signature' } = {},
): Explanation {
  const wanted = new Set(signatures.flatMap(bytesOf));
  const recipe: Recipe = {
    id: input.id,
    timestamp: input.timestamp,
    body: input.body,
    key: keyOf(input.secret),
    layout: headers === 'standard' ? standardLayout : xSignatureLayout,
    algorithm: 'sha256',
  };
  const expected = `v1,${digest(recipe).toString('base64')}`;
  const fits = (changed: Recipe): boolean => wanted.has(digest(changed).toString('hex'));
  if (fits(recipe)) return { matches: true, expected };
  const changes = changesOf(input);
  // Another second goes alone: times all the rest it would take long, and say nothing more.
  const seconds = asChanges('timestamp', shiftedTimestamps(input.timestamp), (timestamp) => ({ timestamp }));
  const one = [...changes, ...seconds].find((change) => fits(change.apply(recipe)));
  if (one) return { matches: false, differences: [plain(one)], expected };
  const two = findPair(changes, (first, second) => fits(second.apply(first.apply(recipe))));
  return { matches: false, expected, ...(two && { differences: two.map(plain) }) };
}

/** The common ones first: of several explanations the likeliest is told. */
function changesOf({ id, timestamp, body, secret }: SignatureInput): Change[] {
  return [
    ...asChanges('body', bodyVariants(body), (value) => ({ body: value })),
    ...asChanges('secret', keyVariants(secret), (key) => ({ key })),
    ...asChanges('signed text', layoutVariants, (layout) => ({ layout })),
    ...asChanges('algorithm', algorithmVariants, (algorithm) => ({ algorithm })),
    ...asChanges('id', idVariants(id), (value) => ({ id: value })),
    ...asChanges('timestamp', timestampVariants(timestamp), (value) => ({ timestamp: value })),
  ];
}

function asChanges<V>(
  part: SignaturePart,
  variants: readonly Variant<V>[],
  change: (value: V) => Partial<Recipe>,
): Change[] {
  return variants.map(({ name, fix, value }) => ({
    part,
    name,
    fix,
    apply: (recipe) => ({ ...recipe, ...change(value) }),
  }));
}

function findPair(
  changes: readonly Change[],
  fits: (first: Change, second: Change) => boolean,
): [Change, Change] | undefined {
  for (const [i, first] of changes.entries()) {
    for (const second of changes.slice(i + 1))
      if (first.part !== second.part && fits(first, second)) return [first, second];
  }
  return undefined;
}

function plain({ part, name, fix }: Change): Difference {
  return { part, name, fix };
}

function digest({ layout, algorithm, key, ...parts }: Recipe): Buffer {
  return createHmac(algorithm, key).update(layout(parts)).digest();
}

/** Its bytes as hexadecimal, in each way in which the text may be read. */
function bytesOf(signature: string): string[] {
  const text = signature.trim().replace(/^(v1,|v1=|sha\d+=)/, '');
  const forms: string[] = [];
  if (/^[0-9a-f]{32,}$/i.test(text)) forms.push(text.toLowerCase());
  if (/^[\w+/-]{16,}={0,2}$/.test(text)) forms.push(Buffer.from(text, 'base64').toString('hex'));
  return forms;
}
