import { isIP } from 'node:net';

import { z } from 'zod';

import { parsed, variable, withDefault, type Field } from './field.js';
import { listOf } from './url.fields.js';

/** A range of addresses, in the words of `net.BlockList.addSubnet`. */
export interface Cidr {
  address: string;
  prefix: number;
  family: 'ipv4' | 'ipv6';
}

export type AuthMode = 'keys' | 'off';

const defaultHost = '127.0.0.1';

/** The address to listen on. Loopback unless said otherwise, so that nothing is open by accident. */
export function host(name = 'HOST'): Field<string> {
  const valid = parsed((text) =>
    isIP(text) > 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text) ? text : undefined,
  );
  return withDefault(
    variable(name, valid, { allowed: 'an address or host name to listen on: 127.0.0.1, 0.0.0.0, ::' }),
    defaultHost,
  );
}

/** Whether a listener on this host can be reached from this machine alone. */
export function isLoopback(hostName: string): boolean {
  return (
    hostName === 'localhost' || hostName === '::1' || (isIP(hostName) === 4 && hostName.startsWith('127.'))
  );
}

/** `AUTH`: `keys`, or `off`, which only a service bound to loopback may say. Reads `HOST` too. */
export function auth(): Field<AuthMode> {
  const schema = z
    .object({ AUTH: z.enum(['keys', 'off']).default('keys'), HOST: z.string().default(defaultHost) })
    .refine(({ AUTH, HOST }) => AUTH === 'keys' || isLoopback(HOST), {
      path: ['AUTH'],
      error: (issue) =>
        `is refused, since HOST="${(issue.input as { HOST: string }).HOST}" can be reached from other machines`,
    })
    .transform(({ AUTH }) => AUTH);
  return {
    variables: { AUTH: { allowed: 'keys, or off where HOST is loopback' }, HOST: { allowed: 'an address' } },
    schema,
  };
}

/** Ranges that webhooks may reach although they are private: `127.0.0.0/8,::1/128`. None by default. */
export function webhookAllow(name = 'WEBHOOK_ALLOW'): Field<readonly Cidr[]> {
  const ranges = variable<readonly Cidr[]>(
    name,
    parsed((text) => listOf(text).map(cidr)),
    {
      allowed: 'CIDR ranges separated by commas, such as 127.0.0.0/8,::1/128',
    },
  );
  return withDefault(ranges, []);
}

function cidr(part: string): Cidr {
  const [address = '', prefixText = '', ...rest] = part.split('/');
  const version = isIP(address);
  const prefix = /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : NaN;
  if (version === 0 || rest.length > 0 || !(prefix <= (version === 4 ? 32 : 128))) {
    throw new Error(`has "${part}", which is no CIDR range`);
  }
  return { address, prefix, family: version === 4 ? 'ipv4' : 'ipv6' };
}
