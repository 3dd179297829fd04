import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * Counts the requests that were not answered yet. `close()` is final: from then on every answer asks its
 * client to close the connection, so that none brings a new request to a service that stops.
 */
export class OpenRequests {
  /** A set and no count: a request that a hook before these answered is never seen to begin. */
  private readonly open = new Set<FastifyRequest>();
  private closing = false;
  private whenIdle: (() => void) | undefined;

  constructor(fastify: FastifyInstance) {
    fastify.addHook('onRequest', (request, _reply, done) => {
      this.open.add(request);
      done();
    });
    fastify.addHook('onSend', (_request, reply, _payload, done) => {
      if (this.closing) void reply.header('connection', 'close');
      done();
    });
    fastify.addHook('onResponse', (request, _reply, done) => {
      this.open.delete(request);
      if (this.open.size === 0) this.whenIdle?.();
      done();
    });
  }

  close(): void {
    this.closing = true;
  }

  /** Resolves when every request was answered. @throws the signal's reason when that comes first */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.open.size === 0) return;
    await new Promise<void>((resolve, reject) => {
      this.whenIdle = resolve;
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }
}
