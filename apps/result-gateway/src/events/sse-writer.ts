import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { FastifyReply } from 'fastify';

/** The client has not read for so long that its stream was cut: it comes again with its cursor. */
export class SlowConsumerError extends Error {
  constructor(ms: number) {
    super(`the client read nothing for ${ms} ms`);
  }
}

/**
 * One `text/event-stream` answer. A write resolves when the socket has room again, so that nothing is gathered for a
 * client that does not read; one that reads nothing for `slowMs` is cut.
 */
export class SseWriter {
  private constructor(
    private readonly raw: ServerResponse,
    private readonly slowMs: number,
  ) {}

  static open(reply: FastifyReply, { slowMs }: { slowMs: number }): SseWriter {
    // From here on the answer is ours; what hooks have put in its head (CORS) goes with it.
    reply.hijack();
    reply.raw.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      'x-accel-buffering': 'no',
      vary: 'Origin, Accept',
    });
    reply.raw.flushHeaders();
    return new SseWriter(reply.raw, slowMs);
  }

  /** @throws SlowConsumerError */
  async event({ id, type, data }: { id?: string; type: string; data: unknown }): Promise<void> {
    const head = id === undefined ? '' : `id: ${id}\n`;
    await this.write(`${head}event: ${type}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** How long the client is to wait before it comes again; milliseconds. */
  async retry(ms: number): Promise<void> {
    await this.write(`retry: ${Math.round(ms)}\n\n`);
  }

  /** For whoever reads the stream as text: an EventSource passes over it. */
  async comment(words: string): Promise<void> {
    await this.write(`: ${words}\n\n`);
  }

  /** A comment, unless the client has yet to read what was written before. */
  heartbeat(): void {
    if (!this.raw.writableNeedDrain && !this.raw.destroyed) this.raw.write(': still here\n\n');
  }

  end(): void {
    this.raw.end();
  }

  private async write(text: string): Promise<void> {
    if (this.raw.destroyed || this.raw.write(text)) return;
    await new Promise<void>((resolve, reject) => {
      const done = (error?: Error): void => {
        clearTimeout(timer);
        this.raw.off('drain', done);
        this.raw.off('close', done);
        if (error) reject(error);
        else resolve();
      };
      const timer = setTimeout(() => {
        this.raw.destroy();
        done(new SlowConsumerError(this.slowMs));
      }, this.slowMs);
      this.raw.once('drain', done);
      this.raw.once('close', done);
    });
  }
}
