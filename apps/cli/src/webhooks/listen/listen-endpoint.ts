import { hostname } from 'node:os';
import { BatonApiError } from '@baton/client';
import { pulledUrl } from '@baton/contracts';
import { UsageError } from '../../cli.error.js';
import type { Api } from '../../connection/api.js';

interface Endpoint {
  url: string;
  secret?: string;
  state: string;
}

export interface ListenEndpoint {
  name: string;
  /** Shown when it was made or rotated just now; not known of one that was there. */
  secret?: string;
  /** Made for this run: deleted at its end. */
  temporary: boolean;
}

/** Tries come quickly: somebody sits before it. */
const schedule = ['0s', '2s', '10s', '30s', '2m', '10m'];

/** Of this machine, so that what a killed run has left is taken over by the next. */
export function ownName(): string {
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9_-]+/g, '-')
    .replace(/^-+|-+$/g, '');
  return `listen-${host}`.slice(0, 63);
}

/**
 * Makes the endpoint that is listened at. One that was given a name stays when the command ends, with what waits for it;
 * the machine's own is deleted.
 * @throws UsageError the name is that of an endpoint which Baton calls somewhere: listening would take it away
 */
export async function openEndpoint(
  api: Api,
  {
    name,
    events,
    queues,
    signal,
  }: { name?: string; events?: string[]; queues: string[]; signal: AbortSignal },
): Promise<ListenEndpoint> {
  const temporary = name === undefined;
  const own = name ?? ownName();
  const path = `/v1/webhooks/${encodeURIComponent(own)}`;
  const before = await readEndpoint(api, path, signal);
  if (before && before.url !== pulledUrl)
    throw new UsageError(
      `the endpoint "${own}" is called at ${before.url}; to listen would take its deliveries away. Give another name by --endpoint, or none`,
    );
  const body = { url: pulledUrl, queues, schedule, tiers: false, ...(events && { events }) };
  const { body: made } = await api.call<Endpoint>(path, { method: 'PUT', body, signal });
  if (before) await api.call(`${path}/enable`, { method: 'POST', signal });
  const secret = before && temporary ? await rotate(api, path, signal) : made.secret;
  return { name: own, temporary, ...(secret !== undefined && { secret }) };
}

async function readEndpoint(api: Api, path: string, signal: AbortSignal): Promise<Endpoint | undefined> {
  try {
    return (await api.call<Endpoint>(path, { signal })).body;
  } catch (error) {
    if (error instanceof BatonApiError && error.code === 'not_found') return undefined;
    throw error;
  }
}

async function rotate(api: Api, path: string, signal: AbortSignal): Promise<string | undefined> {
  return (await api.call<Endpoint>(`${path}/rotate-secret`, { method: 'POST', signal })).body.secret;
}

/** What waits for it is dead then. */
export async function closeEndpoint(api: Api, { name, temporary }: ListenEndpoint): Promise<void> {
  if (!temporary) return;
  const signal = AbortSignal.timeout(5_000);
  await api.call(`/v1/webhooks/${encodeURIComponent(name)}`, { method: 'DELETE', signal });
}
