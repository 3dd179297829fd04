import { lookup as systemLookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector } from 'undici';
import type { AddressGuard } from './address-guard.js';

/** Thrown, as the cause of a failed connection, for an address that may not be reached. */
export class RefusedAddressError extends Error {
  readonly code = 'EREFUSEDADDRESS';
  constructor(readonly host: string) {
    super(`"${host}" is, or resolves to, an address that may not be reached`);
    this.name = 'RefusedAddressError';
  }
}

export type ResolveAll = (
  host: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * An undici agent that connects only to what the guard allows. Names are judged in the socket's own look-up, whose
 * addresses are the ones connected to, so that no second resolution can tell another story; one bad address among
 * several fails the whole. Literal addresses never come to a look-up and are judged before. Redirects are not followed.
 * @param options.resolve stands in for the system's resolver in tests
 * @param options.connections at once to one origin: a request beyond them waits, and its time-out runs
 */
export function guardedAgent(
  guard: AddressGuard,
  {
    resolve = systemLookup,
    connections = 16,
    connectMs = 10_000,
  }: { resolve?: ResolveAll; connections?: number; connectMs?: number } = {},
): Agent {
  const connect = buildConnector({ lookup: guardedLookup(guard, resolve), timeout: connectMs });
  return new Agent({
    connections,
    pipelining: 1,
    keepAliveTimeout: 4_000,
    allowH2: false,
    connect: (options, callback) => {
      const host = options.hostname.replace(/^\[|\]$/g, '');
      if (isIP(host) > 0 && !guard.allows(host)) return callback(new RefusedAddressError(host), null);
      connect(options, callback);
    },
  });
}

/** A `lookup` for sockets: all addresses or one, each of them judged. */
export function guardedLookup(guard: AddressGuard, resolve: ResolveAll = systemLookup): LookupFunction {
  return (host, options, callback) => {
    const { family, hints } = options;
    const wanted: LookupAllOptions = { all: true };
    if (family !== undefined) wanted.family = family;
    if (hints !== undefined) wanted.hints = hints;
    resolve(host, wanted, (error, addresses) => {
      if (error) return callback(error, '', 0);
      const [first] = addresses;
      if (!first || addresses.some(({ address }) => !guard.allows(address)))
        return callback(new RefusedAddressError(host), '', 0);
      if (options.all)
        return (callback as unknown as (error: null, all: LookupAddress[]) => void)(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}
