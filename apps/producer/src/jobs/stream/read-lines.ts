/** A line of a stream, without its end. */
export interface Line {
  /** From 1. */
  number: number;
  /** Its bytes; undefined for one that is longer than allowed, which is skipped. */
  bytes: Buffer | undefined;
}

export interface LineBounds {
  /** A longer line is told of and not kept. */
  lineBytes: number;
  /** A batch is full with so many lines, or so many bytes. */
  batchLines: number;
  batchBytes: number;
  /** A batch that is not full goes when nothing has come for so long, milliseconds. */
  idleMs: number;
}

const newline = 0x0a;

/**
 * The lines of a stream in batches, in memory at most one batch and one chunk. Blank lines are counted and left out. What
 * follows the last line's end is a line too. A stream that breaks throws, and what was gathered of it goes.
 */
export async function* readLines(
  source: AsyncIterable<Buffer>,
  bounds: LineBounds,
): AsyncGenerator<Line[], undefined> {
  const chunks = source[Symbol.asyncIterator]();
  const gatherer = new LineGatherer(bounds);
  let next: Promise<IteratorResult<Buffer>> | undefined;
  try {
    for (;;) {
      next ??= chunks.next();
      const came = gatherer.empty ? await next : await within(next, bounds.idleMs);
      if (!came) {
        yield gatherer.take();
        continue;
      }
      next = undefined;
      if (came.done) break;
      for (const batch of gatherer.add(came.value)) yield batch;
    }
    for (const batch of gatherer.end()) yield batch;
    return undefined;
  } finally {
    next?.catch(() => undefined); // nobody waits for it any more
    await chunks.return?.();
  }
}

/** What comes of a promise within a time; undefined when nothing does. */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const idle = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, idle]);
  } finally {
    clearTimeout(timer);
  }
}

/** Cuts chunks into lines, and lines into batches. */
class LineGatherer {
  private lines: Line[] = [];
  private lineBytes = 0;
  /** Parts of a line whose end has not come. */
  private parts: Buffer[] = [];
  private partBytes = 0;
  private tooLong = false;
  private number = 0;

  constructor(private readonly bounds: LineBounds) {}

  get empty(): boolean {
    return this.lines.length === 0;
  }

  *add(chunk: Buffer): Generator<Line[]> {
    let from = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      this.keep(chunk.subarray(from, end));
      this.endLine();
      if (this.full) yield this.take();
      from = end + 1;
    }
    this.keep(chunk.subarray(from));
  }

  *end(): Generator<Line[]> {
    if (this.partBytes > 0 || this.tooLong) this.endLine();
    if (!this.empty) yield this.take();
  }

  take(): Line[] {
    const { lines } = this;
    this.lines = [];
    this.lineBytes = 0;
    return lines;
  }

  private get full(): boolean {
    return this.lines.length >= this.bounds.batchLines || this.lineBytes >= this.bounds.batchBytes;
  }

  private keep(part: Buffer): void {
    if (part.length === 0 || this.tooLong) return;
    this.partBytes += part.length;
    if (this.partBytes > this.bounds.lineBytes) {
      this.tooLong = true;
      this.parts = [];
    } else this.parts.push(part);
  }

  private endLine(): void {
    this.number++;
    const bytes = this.tooLong
      ? undefined
      : this.parts.length === 1
        ? this.parts[0]!
        : Buffer.concat(this.parts);
    const isBlank = bytes?.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d) ?? false;
    if (!isBlank) {
      this.lines.push({ number: this.number, bytes });
      this.lineBytes += bytes?.length ?? 0;
    }
    this.parts = [];
    this.partBytes = 0;
    this.tooLong = false;
  }
}
