import { UsageError } from '../../cli.error.js';

/** The parts of a delivery that its headers tell. */
export interface ReceivedHeaders {
  headers: 'standard' | 'x-signature';
  id: string;
  timestamp: string;
  signatures: string[];
}

/** Reads `name: value` lines, as a log or `curl -v` writes them: what stands before the name (`> `, `< `) is left out. */
export function parseHeaderLines(text: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^[<>*\s]*([\w-]+)\s*:\s*(.*?)\s*$/.exec(line);
    if (match) found.set(match[1]!.toLowerCase(), match[2]!);
  }
  return found;
}

/** @throws UsageError which header is missing, and which were given */
export function readReceivedHeaders(given: ReadonlyMap<string, string>): ReceivedHeaders {
  if (given.has('x-signature'))
    return {
      headers: 'x-signature',
      id: given.get('x-idempotency-key') ?? '',
      timestamp: need(given, 'x-timestamp'),
      signatures: need(given, 'x-signature')
        .split(',')
        .map((each) => each.trim()),
    };
  return {
    headers: 'standard',
    id: need(given, 'webhook-id'),
    timestamp: need(given, 'webhook-timestamp'),
    signatures: need(given, 'webhook-signature').split(/\s+/),
  };
}

function need(given: ReadonlyMap<string, string>, name: string): string {
  const value = given.get(name) ?? given.get(name.replace('webhook-', 'svix-'));
  if (value !== undefined && value !== '') return value;
  const names = given.size === 0 ? 'none' : [...given.keys()].join(', ');
  throw new UsageError(
    `the header ${name} is missing; given: ${names}. Give all as they came, by --headers <file> or --header "${name}: …"`,
  );
}
