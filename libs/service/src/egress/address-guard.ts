import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Cidr } from '../config/network.fields.js';

/** Says which addresses Baton may connect to for its users. */
export interface AddressGuard {
  /** Whether the address may be reached. What is no IP address may not. */
  allows(address: string): boolean;
  /** Whether it is in a range that the operator has opened, where plain `http` is good too. */
  opened(address: string): boolean;
}

// What ipaddr.js takes for a plain unicast address and is not: IPv4 behind zeros (which URL makes hexadecimal), discard-only, documentation, SRv6, site-local, 6to4 relays.
const refusedToo = [
  '::/96',
  '100::/64',
  '3fff::/20',
  '5f00::/16',
  'fec0::/10',
  '64:ff9b:1::/48',
  '2001::/23',
  '192.0.0.0/24',
  '192.88.99.0/24',
].map((range) => ipaddr.parseCIDR(range));

/**
 * Only public unicast addresses, and the ranges that the operator opens: all of private, loopback, link-local (cloud
 * metadata), carrier-grade NAT, multicast, documentation, benchmark, NAT64, 6to4 and Teredo ranges are refused; an
 * IPv4 address in IPv6 clothes is judged as what it is.
 */
export function addressGuard(allowed: readonly Cidr[]): AddressGuard {
  const open = allowed.map(({ address, prefix }) => ipaddr.parseCIDR(`${address}/${prefix}`));
  const opened = (text: string): boolean => {
    const address = parse(text);
    return address !== undefined && open.some((range) => within(address, range));
  };
  return {
    opened,
    allows: (text) => {
      const address = parse(text);
      if (!address) return false;
      if (open.some((range) => within(address, range))) return true;
      return address.range() === 'unicast' && !refusedToo.some((range) => within(address, range));
    },
  };
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** ipaddr.js reads octal and hexadecimal forms, which the system's resolver may read as another address. */
function parse(text: string): Address | undefined {
  const bare = text.startsWith('[') ? text.slice(1, -1) : text;
  return isIP(bare) === 0 ? undefined : ipaddr.process(bare);
}

function within(address: Address, [range, bits]: [Address, number]): boolean {
  return address.kind() === range.kind() && address.match(range, bits);
}
