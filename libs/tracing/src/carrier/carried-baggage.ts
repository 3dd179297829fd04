import { propagation, type BaggageEntry, type Context } from '@opentelemetry/api';

/** W3C baggage's own limit; entries beyond it are left out. All that is written is ASCII, so characters are bytes. */
export const maxBaggageBytes = 8_192;

/** Baggage leaves by every outgoing request, so only what is named here travels with a job. */
export const carriedBaggageKeys: readonly string[] = ['tenant', 'job.kind'];

/** The allowed entries of the context's baggage in the W3C form, or undefined when there are none. */
export function writeBaggage(
  context: Context,
  keys: readonly string[] = carriedBaggageKeys,
): string | undefined {
  const baggage = propagation.getBaggage(context);
  if (baggage === undefined) return undefined;
  let written = '';
  for (const key of keys) {
    const entry = baggage.getEntry(key);
    if (entry === undefined) continue;
    const next = `${written === '' ? '' : `${written},`}${encodeURIComponent(key)}=${encodeURIComponent(entry.value)}`;
    if (next.length <= maxBaggageBytes) written = next;
  }
  return written === '' ? undefined : written;
}

/** The context with the allowed entries of a carried baggage; what cannot be decoded is left out. */
export function readBaggage(
  context: Context,
  carried: string,
  keys: readonly string[] = carriedBaggageKeys,
): Context {
  if (carried.length > maxBaggageBytes) return context;
  const entries: Record<string, BaggageEntry> = {};
  for (const member of carried.split(',')) {
    const [pair = ''] = member.split(';', 1);
    const at = pair.indexOf('=');
    if (at <= 0) continue;
    const key = decode(pair.slice(0, at).trim());
    const value = decode(pair.slice(at + 1).trim());
    if (key !== undefined && value !== undefined && keys.includes(key)) entries[key] = { value };
  }
  return Object.keys(entries).length === 0
    ? context
    : propagation.setBaggage(context, propagation.createBaggage(entries));
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    // A stranger's bad percent-encoding spoils that entry only; the trace itself goes on.
    return undefined;
  }
}
