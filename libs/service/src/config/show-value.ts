import type { VariableInfo } from './field.js';

const longest = 120;

/** A variable's value as it may be printed: quoted, cut at 120 characters, its secret part as `***`. */
export function showValue(value: string, secret: VariableInfo['secret']): string {
  const shown = secret === 'whole' ? '***' : secret === 'url' ? maskPassword(value) : value;
  return `"${shown.length > longest ? `${shown.slice(0, longest)}…` : shown}"`;
}

/** What follows a scheme up to the last `@` may hold a password, also where the rest is no URL. */
function maskPassword(url: string): string {
  return url
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)?(?:([^:@/]*):)?.*@/is, (_all, scheme = '', user?: string) =>
      user === undefined ? `${scheme}***@` : `${scheme}${user}:***@`,
    )
    .replace(/([?&][^=&]*(?:password|secret|token)[^=&]*=)[^&]*/gi, '$1***');
}
