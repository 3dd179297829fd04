import type { JobEvent } from '../job-event.js';
import { askEvents, cut } from './ask-events.js';
import type { ChannelOptions } from './channel.js';
import { ChannelBreak } from './channel-break.js';
import { SseParser } from './read-sse.js';

/** A gateway that streams says something at once; a proxy that gathers the answer says nothing. */
const firstByteMs = 10_000;
/** The gateway's heart beats each 15 s. */
const silentMs = 45_000;

/** Server-Sent Events by `fetch`, which takes a header with the token, as an EventSource does not. */
export async function* sseChannel(options: ChannelOptions): AsyncGenerator<JobEvent, void, undefined> {
  const gone = new AbortController();
  const signal = options.signal ? AbortSignal.any([options.signal, gone.signal]) : gone.signal;
  let silence: ReturnType<typeof setTimeout> | undefined;
  const expectBytes = (ms: number, kind: 'unsupported' | 'broken'): void => {
    clearTimeout(silence);
    silence = setTimeout(() => gone.abort(new ChannelBreak(kind, `the stream was silent for ${ms} ms`)), ms);
  };
  try {
    expectBytes(firstByteMs, 'unsupported');
    const answer = await askEvents({ ...options, signal }, { accept: 'text/event-stream' });
    if (answer.status === 204) return;
    if (!answer.body || !/^text\/event-stream\b/.test(answer.headers.get('content-type') ?? ''))
      throw new ChannelBreak('unsupported', `no stream came, but ${answer.headers.get('content-type')}`);
    const reader = (answer.body as ReadableStream<Uint8Array>).getReader();
    const parser = new SseParser();
    let afterMs: number | undefined;
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      options.onOpen();
      expectBytes(silentMs, 'broken');
      for (const { type, data, retry } of parser.take(part.value)) {
        afterMs = retry ?? afterMs;
        if (type === 'reconnect') throw comeAgain('the gateway said to come again', afterMs);
        if (data !== undefined) yield JSON.parse(data) as JobEvent;
      }
    }
    throw comeAgain('the stream ended', afterMs);
  } catch (error) {
    throw cut(error, signal);
  } finally {
    clearTimeout(silence);
    gone.abort(); // whoever takes no more ends the request
  }
}

function comeAgain(words: string, afterMs: number | undefined): ChannelBreak {
  return new ChannelBreak('broken', words, afterMs === undefined ? {} : { afterMs });
}
