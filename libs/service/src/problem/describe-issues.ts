import type { FieldError } from '@baton/contracts';

import { allowedKeys } from './allowed-keys.js';

/** No answer names more faults than this; 10,000 jobs with a fault each would make a book. */
const mostErrors = 50;
const longestValue = 80;

/** An issue of a Standard Schema, with what zod adds to it. */
export interface Issue {
  message: string;
  path?: readonly (PropertyKey | { key: PropertyKey })[] | undefined;
  code?: string;
  keys?: readonly string[];
  errors?: readonly (readonly Issue[])[];
}
type Path = readonly PropertyKey[];

/** What was checked, and as what. */
export interface Checked {
  schema: unknown;
  value: unknown;
  /** Names the value itself: `body`, or a parameter's name. */
  root: string;
}

/** The faults of a value in the API's words: where, what is wrong with what value, and what is allowed. */
export function describeIssues(issues: readonly Issue[], checked: Checked): FieldError[] {
  const errors = issues.flatMap((issue) => describe(issue, [], checked));
  if (errors.length <= mostErrors) return errors;
  const rest = errors.length - mostErrors;
  return [...errors.slice(0, mostErrors), { path: checked.root, message: `and ${rest} more faults` }];
}

function describe(issue: Issue, base: Path, checked: Checked): FieldError[] {
  const path = [...base, ...(issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part))];
  if (issue.code === 'unrecognized_keys' && issue.keys) {
    const allowed = allowedKeys(checked.schema, path);
    const hint = allowed.length > 0 ? `; allowed: ${allowed.join(', ')}` : '';
    return issue.keys.map((key) => ({
      path: [...path, key].map(String).join('.'),
      message: `unknown field "${key}"${hint}`,
    }));
  }
  const branch = issue.code === 'invalid_union' ? closestBranch(issue.errors ?? []) : undefined;
  if (branch) return branch.flatMap((inner) => describe(inner, path, checked));
  const value = valueAt(checked.value, path);
  return [{ path: path.map(String).join('.') || checked.root, message: word(issue, path, value) }];
}

/** Of a union's branches, the one that got deepest: it is the one that was meant. None when all fail at the top. */
function closestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | undefined {
  const isDeep = (issue: Issue) => (issue.path?.length ?? 0) > 0 || issue.code === 'unrecognized_keys';
  const deep = branches.filter((branch) => branch.every(isDeep));
  return deep.toSorted((a, b) => a.length - b.length)[0];
}

function word(issue: Issue, path: Path, value: unknown): string {
  if (value === undefined) return issue.code === 'invalid_type' ? 'is missing' : issue.message;
  return `${issue.message.replace(/, received \w+$/, '')}, got ${show(path.at(-1), value)}`;
}

function show(key: PropertyKey | undefined, value: unknown): string {
  if (/secret|password|token/i.test(String(key ?? ''))) return '***';
  if (typeof value === 'string')
    return JSON.stringify(value.length > longestValue ? `${value.slice(0, longestValue)}…` : value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}
