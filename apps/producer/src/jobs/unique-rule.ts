import { createHash } from 'node:crypto';
import { isTerminal, jobStates, type JobState } from '@baton/contracts';
import type { UniqueRule } from '@baton/persistence';
import type { UniqueInput } from './unique.schema.js';

const live: readonly JobState[] = jobStates.filter((state) => !isTerminal(state));
const waiting: readonly JobState[] = ['scheduled', 'held'];

/**
 * What PostgreSQL is asked to hold a job unique by. Two payloads are alike where the named fields hold equal JSON,
 * whatever the order of their members; a field that is not there equals one that is not there, and no `null`.
 */
export function uniqueRule(input: UniqueInput, payload: unknown): UniqueRule {
  const { onConflict, within } = input;
  return {
    hash: createHash('sha256').update(subject(input, payload)).digest(),
    states:
      onConflict === 'debounce' ? waiting : onConflict === 'throttle' ? jobStates : (input.states ?? live),
    // A debounced job is in the way as long as it waits: each new one begins its quiet anew.
    withinMs: onConflict === 'debounce' ? undefined : within,
    onConflict,
  };
}

function subject({ key, fields }: UniqueInput, payload: unknown): string {
  if (key !== undefined) return canonical(['key', key]);
  if (fields === undefined) return canonical(['payload', payload ?? null]);
  const values = [...new Set(fields)].sort().map((path) => {
    const value = valueAt(payload, path.split('.'));
    return value === undefined ? [path] : [path, value];
  });
  return canonical(['fields', values]);
}

function valueAt(payload: unknown, path: readonly string[]): unknown {
  let value = payload;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** JSON with the members of each object in the order of their names. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}
