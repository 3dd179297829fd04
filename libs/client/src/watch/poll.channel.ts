import type { JobEvent } from '../job-event.js';
import { linkSignals } from '../link-signals.js';
import { backoffMs, noSoonerMs, pause } from '../pace.js';
import { askEvents, cut } from './ask-events.js';
import type { ChannelOptions } from './channel.js';
import { ChannelBreak } from './channel-break.js';

const holdSeconds = 30;
/** Beyond what it was asked to hold: a gateway that has not answered by then is frozen, or the network has lost it. */
const answerMs = 10_000;
/** After so long by polling, a better way is looked for again. */
const pollForMs = 5 * 60_000;

interface Page {
  items: JobEvent[];
  cursor: string;
  terminal: boolean;
}

/** Requests that the gateway holds until there is something to tell. */
export async function* longPollChannel(options: ChannelOptions): AsyncGenerator<JobEvent, void, undefined> {
  for (let cursor = options.cursor; ;) {
    const { page } = await ask({ ...options, cursor }, holdSeconds);
    options.onOpen();
    yield* page.items;
    if (page.terminal) return;
    cursor = page.cursor;
  }
}

/** Looks now and then: when the gateway said to come again, else after 1, 2, 4 … 60 s without an event. */
export async function* pollChannel(options: ChannelOptions): AsyncGenerator<JobEvent, void, undefined> {
  const { random, signal } = options;
  const since = Date.now();
  let idle = 0;
  for (let cursor = options.cursor; ;) {
    const { page, retryAfter } = await ask({ ...options, cursor }, 0);
    options.onOpen();
    yield* page.items;
    if (page.terminal) return;
    if (Date.now() - since > pollForMs) throw new ChannelBreak('broken', 'polled for long', { afterMs: 0 });
    cursor = page.cursor;
    idle = page.items.length > 0 ? 1 : idle + 1;
    await pause(
      retryAfter > 0
        ? noSoonerMs(retryAfter, random)
        : backoffMs(idle, { firstMs: 1_000, mostMs: 60_000, random }),
      signal,
    );
  }
}

async function ask(
  options: ChannelOptions,
  waitSeconds: number,
): Promise<{ page: Page; retryAfter: number }> {
  const frozen = new AbortController();
  const ms = waitSeconds * 1_000 + answerMs;
  const silence = setTimeout(
    () => frozen.abort(new ChannelBreak('unreachable', `the gateway had not answered after ${ms} ms`)),
    ms,
  );
  const { signal, unlink } = linkSignals(options.signal, frozen.signal);
  const prefer = waitSeconds > 0 ? { prefer: `wait=${waitSeconds}` } : {};
  try {
    const answer = await askEvents({ ...options, signal }, { accept: 'application/json', ...prefer });
    const page = (await answer.json()) as Page;
    return { page, retryAfter: Number(answer.headers.get('retry-after') ?? 0) };
  } catch (error) {
    throw cut(error, signal);
  } finally {
    clearTimeout(silence);
    unlink();
  }
}
