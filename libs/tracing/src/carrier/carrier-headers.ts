import type { TraceCarrier } from './trace-carrier.js';

/** A header's value as kafkajs and node:http hand it over. */
export type HeaderValue = Buffer | string | undefined | readonly (Buffer | string)[];

const fields = ['traceparent', 'tracestate', 'baggage'] as const;

/** The carrier as headers, to be spread among a record's or a request's own. */
export function carrierToHeaders(carrier: TraceCarrier): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const field of fields) {
    const value = carrier[field];
    if (value) headers[field] = value;
  }
  return headers;
}

/**
 * The carrier found among headers, unchecked, or undefined without a `traceparent`. Values may be Buffers, names
 * of any case, and given more than once: then the last one wins.
 */
export function carrierFromHeaders(
  headers: Readonly<Record<string, HeaderValue>> | undefined,
): TraceCarrier | undefined {
  const found: Partial<Record<(typeof fields)[number], string>> = {};
  for (const name in headers) {
    const field = fieldOf(name);
    const value = field && lastOf(headers[name]);
    if (field && value) found[field] = value;
  }
  const { traceparent, ...rest } = found;
  return traceparent === undefined ? undefined : { traceparent, ...rest };
}

function fieldOf(name: string): (typeof fields)[number] | undefined {
  // Lengths first: records carry other headers, and lower-casing each for every record is waste.
  if (name.length !== 11 && name.length !== 10 && name.length !== 7) return undefined;
  const lower = name.toLowerCase();
  return fields.find((field) => field === lower);
}

function lastOf(value: HeaderValue): string | undefined {
  const last = isList(value) ? value.at(-1) : value;
  return last === undefined || typeof last === 'string' ? last : last.toString('latin1');
}

function isList(value: HeaderValue): value is readonly (Buffer | string)[] {
  return Array.isArray(value);
}
