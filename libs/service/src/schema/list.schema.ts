import { limits } from '@baton/contracts';
import { invalidRequest } from '../problem/validate.js';
import { z } from 'zod';

const defaultItems = 50;

/** The parameters that every list has; the cursor is the list's own. */
export const pageFields = {
  cursor: z.string().max(200).optional().meta({ description: '`nextCursor` of the page before' }),
  limit: z.coerce.number().int().min(1).max(limits.listItems).default(defaultItems),
};

export const pageSchema = z.strictObject(pageFields);

/** One more row than the page holds tells whether there is a next one. */
export function pageOf<R, T>(
  rows: readonly R[],
  limit: number,
  { show, cursor }: { show: (row: R) => T; cursor: (last: R) => string },
) {
  const last = rows.length > limit ? rows[limit - 1] : undefined;
  return {
    items: rows.slice(0, limit).map(show),
    ...(last !== undefined && { nextCursor: encodeCursor(cursor(last)) }),
  };
}

function encodeCursor(place: string): string {
  return Buffer.from(place).toString('base64url');
}

/**
 * The place that a cursor stands for.
 * @param place what a place of this list looks like
 * @throws BatonError `invalid_request` for a text that no list gave out
 */
export function decodeCursor(cursor: string | undefined, place: RegExp): string | undefined {
  if (cursor === undefined) return undefined;
  const text = Buffer.from(cursor, 'base64url').toString();
  if (place.test(text) && encodeCursor(text) === cursor) return text;
  throw invalidRequest([
    { path: 'cursor', message: `must be the nextCursor of another page of this list, got "${cursor}"` },
  ]);
}

/** Places in lists by id, and in lists by name. */
export const idPlace = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
export const namePlace = /^[a-z0-9_-]{1,63}$/;
