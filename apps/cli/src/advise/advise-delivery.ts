/** How a client takes results. */
export const channels = ['poll', 'long-poll', 'sse', 'websocket', 'webhook'] as const;
export type Channel = (typeof channels)[number];

export const clientKinds = ['backend', 'browser', 'mobile', 'cli'] as const;
export type ClientKind = (typeof clientKinds)[number];

/** `best-effort`: a result may be fetched late or by another way; `guaranteed`: it must arrive though the client is down. */
export const reliabilities = ['best-effort', 'guaranteed'] as const;
export type Reliability = (typeof reliabilities)[number];

export interface Need {
  /** How late the client may learn of the end, milliseconds. */
  latencyMs: number;
  client: ClientKind;
  /** Jobs a second whose results it takes. */
  ratePerSecond: number;
  reliability: Reliability;
  /** Whether it has an address that Baton can call; a backend has one where nothing is said. */
  reachable?: boolean | undefined;
  /** It shows progress, or sends words back. */
  live?: boolean | undefined;
}

export interface Advice {
  channel: Channel;
  /** Why this one. */
  because: string[];
  /** Why not each other. */
  instead: { channel: Channel; reason: string }[];
  /** What stands behind it when it fails. */
  fallback: string;
  /** A delivery plan for the submit, where two channels together are best. */
  plan?: { channel: 'stream' | 'webhook'; for?: string; endpoint?: string }[];
}

/**
 * The choice guide. Each channel is judged by what it is good for: polling where more than 10 s of delay and some 100 jobs
 * a second suffice, webhooks from 1 s of delay for receivers with an address, long-polling from 500 ms, WebSockets below,
 * SSE between the two for one job's progress.
 */
export function adviseDelivery(need: Need): Advice {
  const judged = channels.map((channel) => ({ channel, objection: objectionTo(channel, need) }));
  const fit = judged.filter(({ objection }) => objection === undefined).map(({ channel }) => channel);
  const channel = preferred(need).find((each) => fit.includes(each)) ?? 'websocket';
  const { plan, fallback } = fallbackOf(channel, need);
  return {
    channel,
    because: reasonsFor(channel, need),
    instead: judged
      .filter((each) => each.channel !== channel)
      .map(({ channel: other, objection }) => ({
        channel: other,
        reason: objection ?? beaten(other, channel, need),
      })),
    fallback,
    ...(plan && { plan }),
  };
}

const bounds = { pollMs: 10_000, webhookMs: 1_000, longPollMs: 500, manyPerSecond: 100, oneByOne: 10 };

/** Why a channel cannot serve the need; undefined when it can. */
function objectionTo(channel: Channel, need: Need): string | undefined {
  const { latencyMs, ratePerSecond, reliability, live } = need;
  const late = `a delay of ${seconds(latencyMs)} is asked for`;
  switch (channel) {
    case 'poll':
      if (live) return 'it sees no progress between two looks';
      if (latencyMs < bounds.pollMs) return `${late}, and a poll is half its interval late on average`;
      if (ratePerSecond > bounds.manyPerSecond)
        return `at ${ratePerSecond} jobs/s most requests would find nothing`;
      return undefined;
    case 'long-poll':
      if (latencyMs < bounds.longPollMs) return `${late}, and each result needs a request of its own`;
      if (live) return 'it tells the end; progress needs a request for each event';
      if (ratePerSecond > bounds.oneByOne)
        return `at ${ratePerSecond} jobs/s one client would hold more than the 100 requests that a key may hold, as soon as jobs take ${seconds(100_000 / ratePerSecond)}`;
      return undefined;
    case 'sse':
      if (ratePerSecond > bounds.oneByOne) return 'it is one connection for each job';
      return undefined;
    case 'websocket':
      return undefined;
    case 'webhook':
      if (!isReachable(need))
        return `a ${need.client} client has no address that Baton could call: webhooks to it would die unheard`;
      if (latencyMs < bounds.webhookMs) return `${late}, and a receiver's own work comes first`;
      if (reliability === 'best-effort' && live) return 'it tells the end and no progress';
      return undefined;
  }
}

/** The first that fits is taken. */
function preferred(need: Need): Channel[] {
  const { reliability, live, latencyMs, ratePerSecond } = need;
  if (isReachable(need) && (reliability === 'guaranteed' || ratePerSecond >= 1))
    return ['webhook', 'websocket', 'long-poll', 'poll'];
  if (live)
    return ratePerSecond <= bounds.oneByOne && latencyMs >= 100 ? ['sse', 'websocket'] : ['websocket'];
  if (latencyMs >= bounds.pollMs) return ['poll', 'long-poll', 'websocket'];
  return ['long-poll', 'sse', 'websocket'];
}

function reasonsFor(
  channel: Channel,
  { client, latencyMs, ratePerSecond, reliability, live }: Need,
): string[] {
  const delay = seconds(latencyMs);
  switch (channel) {
    case 'poll':
      return [
        `${delay} of delay is far more than a look by Retry-After costs, and nothing is held open`,
        'a client that keeps to Retry-After, which is learned from the queue’s own times, asks twice a job',
      ];
    case 'long-poll':
      return [
        `the answer comes within the round trip, so ${delay} is kept`,
        'plain HTTP: it passes every proxy, and needs no library',
      ];
    case 'sse':
      return [
        live ? 'progress comes as it happens, over plain HTTP' : `the end is pushed, so ${delay} is kept`,
        'a browser’s EventSource reconnects and resumes by itself',
      ];
    case 'websocket':
      return [
        latencyMs < bounds.longPollMs
          ? `${delay} needs a connection that is open already`
          : `at ${ratePerSecond} jobs/s one connection for all of them is cheapest`,
        'one socket watches 100 jobs, or a queue; a cursor resumes it without a gap',
      ];
    case 'webhook':
      return [
        `a ${client} has an address: nothing is held open and nobody asks in vain, however long a job takes`,
        reliability === 'guaranteed'
          ? 'it is tried for three days and then kept in the dead-letter set: no end is lost though you are down'
          : `at ${ratePerSecond} jobs/s pushing is cheaper than asking`,
      ];
  }
}

function beaten(other: Channel, channel: Channel, { live }: Need): string {
  if (other === 'websocket') return `it would do; ${channel} is simpler to run, and to debug`;
  if (other === 'sse')
    return live ? `it would do; ${channel} fits better` : 'it would do; it is worth it for progress';
  if (other === 'webhook')
    return 'it would do; it needs an endpoint that verifies signatures and bears repetitions';
  return `it would do; ${channel} is quicker and asks less often`;
}

function fallbackOf(channel: Channel, need: Need): Pick<Advice, 'plan' | 'fallback'> {
  if (channel === 'webhook')
    return {
      fallback:
        'GET /v1/results/:id with Prefer: wait for one that is missed; recover {since} after an outage',
    };
  const resume = 'on a break, come again with the last cursor: by the same channel or by any other';
  if (need.reliability === 'guaranteed' && isReachable(need))
    return {
      fallback: 'what the stream does not acknowledge in time goes by webhook',
      plan: [
        { channel: 'stream', for: '5s' },
        { channel: 'webhook', endpoint: 'default' },
      ],
    };
  if (need.reliability === 'guaranteed')
    return {
      fallback: `${resume}. The result is kept for the queue's retention (24 h); let your backend, which has an address, take the webhook too`,
    };
  return { fallback: resume };
}

export function isReachable({ client, reachable }: Need): boolean {
  return reachable ?? client === 'backend';
}

function seconds(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1_000).toPrecision(2))} s`;
}
