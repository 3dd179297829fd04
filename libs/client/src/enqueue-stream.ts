import { BatonError, type ErrorCode, type FieldError } from '@baton/contracts';
import { BatonApiError } from './baton-api.error.js';
import { type HttpOptions, problemOf } from './http.js';

/** Why a job of a stream was refused. */
export interface StreamRefusal {
  code: ErrorCode;
  message: string;
  retryable: boolean;
  errors?: FieldError[];
}

/** What became of one job of a stream; `index` is its place in it, from 0. */
export type StreamAnswer = { index: number; id: string } | { index: number; error: StreamRefusal };

export interface StreamOptions {
  signal?: AbortSignal;
}

interface Line {
  index: number;
  text: string;
}

/** Lines under way, sent and not answered: they are kept, to be sent again should the stream break. */
const window = 5_000;
/** Lines that are sent at once, where so many are there. */
const linesOfChunk = 100;

/**
 * Sends jobs as lines and yields their answers, in order. What was not answered when a connection broke is sent again on
 * the next, each line under its own key, so that none makes two jobs.
 *
 * In memory: at most {@link window} lines. It takes the next jobs from `source` as answers come, and answers come as they
 * are taken from it.
 */
export async function* enqueueStream(
  url: string,
  source: AsyncIterable<object> | Iterable<object>,
  http: HttpOptions & StreamOptions,
): AsyncGenerator<StreamAnswer> {
  const lines = new UnansweredLines(source);
  try {
    yield* untilAnswered(url, lines, http);
  } finally {
    await lines.close();
  }
}

async function* untilAnswered(
  url: string,
  lines: UnansweredLines,
  http: HttpOptions & StreamOptions,
): AsyncGenerator<StreamAnswer> {
  for (let failures = 0, before = 0; ; before = lines.answered) {
    let failure: unknown = new BatonError('unavailable', `POST ${url} ended before it had answered all`);
    try {
      yield* oneRequest(url, lines, http);
      if (lines.atEnd && lines.broken === undefined) return;
      // It ended before its time: that service stops, and another goes on.
    } catch (error) {
      failure = error;
    }
    if (lines.broken !== undefined) throw lines.broken;
    if (http.signal?.aborted || (BatonError.is(failure) && !failure.retryable)) throw failure;
    failures = lines.answered > before ? 0 : failures + 1;
    if (failures > http.retries) throw failure;
    await new Promise((resolve) => setTimeout(resolve, 100 * 2 ** failures * http.random()));
  }
}

async function* oneRequest(
  url: string,
  lines: UnansweredLines,
  { credentials, fetch, signal }: HttpOptions & StreamOptions,
): AsyncGenerator<StreamAnswer> {
  const init: RequestInit & { duplex: 'half' } = {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await credentials.bearer()}`,
      'content-type': 'application/x-ndjson',
    },
    body: lines.send(),
    duplex: 'half',
    ...(signal ? { signal } : {}),
  };
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    throw new BatonError('unavailable', `POST ${url} got no answer`, { cause });
  }
  if (!response.ok || !response.body) throw await problemOf(response);
  for await (const text of textLines(response.body)) {
    const { id, error } = JSON.parse(text) as { id?: string; error?: StreamRefusal };
    // It was not accepted, and is sent again.
    if (error?.code === 'unavailable') throw streamError(error);
    const { index } = lines.answer();
    if (id !== undefined) yield { index, id };
    else if (error) yield { index, error };
  }
}

function streamError({ message }: StreamRefusal): BatonApiError {
  return new BatonApiError({ code: 'unavailable', detail: message, status: 503, retryable: true });
}

async function* textLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const texts = (rest + decoder.decode(part.value, { stream: true })).split('\n');
      rest = texts.pop() ?? '';
      yield* texts;
    }
  } finally {
    await reader.cancel().catch(() => undefined); // it is at its end, or nobody wants more of it
  }
}

/** The jobs of a source as lines: those sent and not answered, and those to come. */
class UnansweredLines {
  /** Taken from the source, in order, without gaps; the first is answered next. */
  private readonly taken: Line[] = [];
  private readonly jobs: AsyncIterator<object, undefined> | Iterator<object, undefined>;
  private taking: Promise<void> | undefined;
  private ended = false;
  private goOn: (() => void) | undefined;
  /** What the source threw. */
  broken: Error | undefined;
  answered = 0;

  constructor(source: AsyncIterable<object> | Iterable<object>) {
    this.jobs = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  }

  /** All are answered, and no more come. */
  get atEnd(): boolean {
    return this.ended && this.taken.length === 0;
  }

  answer(): Line {
    const line = this.taken.shift();
    if (!line) throw new BatonError('internal', 'the service answered a line that was not sent');
    this.answered++;
    this.goOn?.();
    return line;
  }

  /** A request's body: what is not answered yet, and then what comes, no more than the window under way. */
  send(): ReadableStream<Uint8Array> {
    const encoder = new TextEncoder();
    let position = this.answered;
    let cancelled = false;
    return new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        while (!cancelled && this.answered + this.taken.length <= position && !this.ended) {
          if (this.taken.length >= window) await new Promise<void>((resolve) => (this.goOn = resolve));
          else await this.take();
        }
        if (cancelled) return;
        if (this.broken !== undefined) return controller.error(this.broken);
        const from = position - this.answered;
        const lines = this.taken.slice(from, from + linesOfChunk);
        if (lines.length === 0) return controller.close();
        position += lines.length;
        controller.enqueue(encoder.encode(lines.map(({ text }) => `${text}\n`).join('')));
      },
      cancel: () => {
        cancelled = true;
        this.goOn?.();
      },
    });
  }

  /** One at a time, also where a request ended while it was under way: its line is the next one's. */
  private take(): Promise<void> {
    return (this.taking ??= this.takeSome().finally(() => (this.taking = undefined)));
  }

  private async takeSome(): Promise<void> {
    try {
      for (let count = 0; count < linesOfChunk && this.taken.length < window && !this.ended; count++) {
        const next = this.jobs.next();
        // What must be waited for is sent by itself: who sends slowly waits for answers.
        const waits = next instanceof Promise;
        const result = waits ? await next : next;
        if (result.done) this.ended = true;
        else this.keep(result.value);
        if (waits) return;
      }
    } catch (error) {
      this.broken = error instanceof Error ? error : new Error(String(error));
      this.ended = true;
    }
  }

  private keep(job: object): void {
    const text = JSON.stringify({ idempotencyKey: crypto.randomUUID(), ...job });
    this.taken.push({ index: this.answered + this.taken.length, text });
  }

  /** Nobody takes more: the source is told so. */
  async close(): Promise<void> {
    if (!this.ended) await this.jobs.return?.();
  }
}
