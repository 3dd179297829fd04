import { isUploadReference } from '@baton/contracts';
import { elementsOf, membersOf, type Span, valueAt } from '../jobs/json-text.js';

/** An upload that a payload names, and where in its text. */
export interface FoundReference {
  id: string;
  span: Span;
  /** Such as `pictures.0`; empty: the payload itself. */
  path: string;
}

/** A value that says `$upload` and is no reference. */
export interface BadReference {
  path: string;
}

/** Deeper than this, JSON.parse itself would have been near its end. */
const mostDepth = 1_000;

/** Whether a payload may name an upload at all: nearly none does, and nothing more is done for those. */
export const mayNameUploads = (payload: string): boolean => payload.includes('$upload');

/** All uploads that a payload names, in the order of its text. */
export function findReferences(payload: string): { found: FoundReference[]; bad: BadReference[] } {
  const found: FoundReference[] = [];
  const bad: BadReference[] = [];
  const look = (span: Span, path: string, depth: number): void => {
    const first = payload[span.start];
    if (depth > mostDepth || (first !== '{' && first !== '[')) return;
    const below = (name: string | number): string => (path === '' ? String(name) : `${path}.${name}`);
    if (first === '[') {
      let n = 0;
      for (const element of elementsOf(payload, span)) look(element, below(n++), depth + 1);
      return;
    }
    const members = [...membersOf(payload, span)];
    if (!members.some(({ name }) => name === '$upload')) {
      for (const { name, value } of members) look(value, below(name), depth + 1);
      return;
    }
    const value = JSON.parse(payload.slice(span.start, span.end)) as unknown;
    if (isUploadReference(value)) found.push({ id: value.$upload.toLowerCase(), span, path });
    else bad.push({ path });
  };
  look(valueAt(payload, 0), '', 0);
  return { found, bad };
}

/** The payload with other text in the place of each reference; all else stays as it was spelled. */
export function replaceReferences(
  payload: string,
  found: readonly FoundReference[],
  textOf: (id: string) => string,
): string {
  let at = 0;
  let text = '';
  for (const { id, span } of found) {
    text += payload.slice(at, span.start) + textOf(id);
    at = span.end;
  }
  return text + payload.slice(at);
}
