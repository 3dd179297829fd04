import { isIP } from 'node:net';
import type { AddressGuard } from './address-guard.js';

/** Names that no public resolver knows, or that mean this very machine. */
const localNames = /(^|\.)(localhost|local|internal|intranet|lan|home\.arpa|localdomain)\.?$/;
const otherWays =
  'Baton cannot reach it from where it runs. A client without a public address gets its result by GET /v1/results/:jobId with "Prefer: wait", or by its stream of events; an operator may open a range with WEBHOOK_ALLOW';

/**
 * Looks at a URL that Baton is to call for its users, before there is anything to call.
 * @returns what is wrong with it, or undefined; what a name resolves to is looked at when it is called
 */
export function refuseReceiverUrl(text: string, guard: AddressGuard): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url)
    return `must be a URL, such as "https://example.com/hooks", got ${JSON.stringify(text.slice(0, 200))}`;
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return `must begin with https://, got "${url.protocol}//"`;
  if (url.username !== '' || url.password !== '')
    return 'must not hold a user or password: the signature says who calls';
  if (url.hash !== '') return 'must not have a fragment: it is never sent';
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const literal = isIP(host) > 0;
  if (literal && !guard.allows(host)) return `names the private or reserved address ${host}. ${otherWays}`;
  const loopbackOpen = guard.opened('127.0.0.1') && /(^|\.)localhost\.?$/.test(host);
  if (!literal && localNames.test(host) && !loopbackOpen)
    return `names "${host}", which is no public name. ${otherWays}`;
  if (!literal && !host.includes('.') && !loopbackOpen)
    return `names "${host}", which is no public name. ${otherWays}`;
  if (url.protocol === 'http:' && !loopbackOpen && !(literal && guard.opened(host)))
    return 'must begin with https://; http is for addresses in the ranges of WEBHOOK_ALLOW alone';
  return undefined;
}
