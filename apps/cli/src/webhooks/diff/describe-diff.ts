import { wrap } from '../../output/print.js';
import type { Explanation } from './explain-signature.js';

export interface Diff extends Explanation {
  /** Whose signature it is: the one that came, or the one that the user's code made. */
  of: 'header' | 'computed';
  timestamp: string;
}

const toleranceSeconds = 300;

export function describeDiff({ matches, differences, expected, of, timestamp }: Diff, nowMs: number): string {
  const what = of === 'header' ? 'the signature that came' : 'the signature that your code made';
  if (matches)
    return [
      `The signature matches: id, timestamp, body, secret and algorithm agree.`,
      ...ageOf(timestamp, nowMs),
    ].join('\n');
  if (!differences)
    return [
      `The signature does not match, and no usual mistake explains it.`,
      `  expected for what you gave: ${expected}`,
      '  Tried: the body written anew, in other encodings and line ends; the secret read otherwise; other ids, times, orders and',
      '  algorithms; and each two of these at once. What is left:',
      '  - another secret: was it rotated (the one before signs for 24 h only), or is it of another endpoint?',
      '  - a body that was changed in another way, or is of another delivery',
    ].join('\n');
  return [
    `The signature does not match: ${differences.map(({ part }) => `the ${part}`).join(' and ')} differ${differences.length === 1 ? 's' : ''}.`,
    ...differences.flatMap(({ name, fix }) => [
      `  ${wrap(`${what} was made with ${name}`, '  ')}`,
      `    -> ${wrap(fix, '       ')}`,
    ]),
  ].join('\n');
}

function ageOf(timestamp: string, nowMs: number): string[] {
  const age = Math.round(nowMs / 1_000 - Number(timestamp));
  if (Number.isNaN(age) || Math.abs(age) <= toleranceSeconds) return [];
  return [
    `  But it was signed ${Math.abs(age)} s ${age > 0 ? 'ago' : 'ahead'}: a receiver refuses what is more than ${toleranceSeconds} s off. If it came just now, set the clock right (NTP).`,
  ];
}
