import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { BatonError, errorCodes } from '@baton/contracts';
import { type Caller, isAllowedOrigin, problemHeaders, readCookie, toProblem } from '@baton/service';
import { channelConnections } from '@baton/tracing';
import { type WebSocket, WebSocketServer } from 'ws';
import { streamCookie } from '../events/stream-session.controller.js';
import { closeCodes } from './close-codes.js';
import { errorOf } from './job-subscription.js';
import { type KnownCaller, StreamClient, type StreamClientOptions } from './stream-client.js';

export const streamPath = '/v1/stream';
export const subprotocol = 'baton.v1';

/** How often it is looked whether the keys of open sockets are good still; milliseconds. */
const recheckMs = 15_000;
/** The largest message of a client, and what of them may be without a token at a time. */
const maxPayload = 64 * 1024;
const mostGreeting = 1_000;

export interface StreamServerOptions extends StreamClientOptions {
  allowedOrigins: readonly string[];
}

/**
 * WebSockets at `/v1/stream`, on the HTTP server's own port. What can be refused is refused as HTTP, before the upgrade:
 * foreign origins, tokens in the query, other subprotocols, bad keys, too many sockets.
 */
export class StreamServer {
  readonly clients = new Set<StreamClient>();
  private greeting = 0;
  private draining = false;
  // Compression is refused: a few bytes could unfold to all memory.
  private readonly sockets = new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    handleProtocols: () => subprotocol,
  });

  constructor(private readonly options: StreamServerOptions) {}

  attachTo(server: Server): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', () => socket.destroy());
      this.upgrade(request, socket, head).catch((error: unknown) => refuse(socket, request, error));
    });
    const rechecking = setInterval(() => void this.recheck(), recheckMs).unref();
    server.once('close', () => clearInterval(rechecking));
  }

  /** Closes the sockets whose keys were disabled since they were opened. Never rejects. */
  async recheck(): Promise<void> {
    const keys = new Set([...this.clients].flatMap((client) => client.apiKey ?? []));
    await Promise.all([...keys].map((key) => this.recheckKey(key)));
  }

  private async recheckKey(key: string): Promise<void> {
    try {
      await this.options.authenticator.authenticateToken(key, { scopes: ['jobs:read'] });
    } catch (error) {
      const { code, message } = errorOf(error);
      // Else it could not be asked just now, and is the next time.
      if (code !== 'unauthenticated' && code !== 'scope_missing') return;
      for (const client of this.clients)
        if (client.apiKey === key) client.close({ ...closeCodes.unauthenticated, reason: message });
    }
  }

  /** Tells all clients to come again, and takes no new ones. Resolves when they are gone. */
  async drain(): Promise<void> {
    this.draining = true;
    const gone = [...this.sockets.clients].map(
      (socket) => new Promise((resolve) => socket.once('close', resolve)),
    );
    for (const client of this.clients) client.close(closeCodes.restart);
    await Promise.all(gone);
  }

  private async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    const { pathname, search } = new URL(request.url ?? '/', 'http://gateway');
    if (pathname !== streamPath)
      throw new BatonError('not_found', `there is no WebSocket at ${pathname}; it is at ${streamPath}`);
    if (this.draining)
      throw new BatonError('unavailable', 'this gateway stops; come again', { retryAfterSeconds: 1 });
    if (search !== '')
      throw new BatonError(
        'invalid_request',
        `${streamPath} takes no query; a token goes in the header, the cookie or the first message`,
      );
    const { origin, host } = request.headers;
    if (origin !== undefined && !isAllowedOrigin(origin, { allowed: this.options.allowedOrigins, host }))
      throw new BatonError(
        'unauthenticated',
        `the origin "${origin.slice(0, 200)}" is not one of ALLOWED_ORIGINS`,
      );
    const offered = (request.headers['sec-websocket-protocol'] ?? '').split(',').map((each) => each.trim());
    if (!offered.includes(subprotocol))
      throw new BatonError(
        'invalid_request',
        `the subprotocol must be ${subprotocol}; offered: ${offered.join(', ').slice(0, 100) || 'none'}`,
      );
    const known = await this.identify(request);
    // Whatever becomes of the upgrade, the place goes with its connection.
    if (socket.destroyed) return known?.giveBack();
    if (known) socket.once('close', known.giveBack);
    if (!known && this.greeting >= mostGreeting)
      throw new BatonError('too_many_waiting', 'too many sockets are open that have sent no token yet', {
        retryAfterSeconds: 5,
      });
    this.sockets.handleUpgrade(request, socket, head, (opened) => this.open(opened, known));
  }

  private async identify({ headers }: IncomingMessage): Promise<KnownCaller | undefined> {
    const { authenticator, hold } = this.options;
    const token = readCookie(headers.cookie, streamCookie);
    const given = headers.authorization ?? (token === undefined ? undefined : `Bearer ${token}`);
    if (given === undefined && !authenticator.anyoneMay) return undefined;
    const caller = await authenticator.authenticate(given, { scopes: ['jobs:read'], anyJob: true });
    return { caller, giveBack: hold(caller), bearer: given?.replace(/^Bearer +/i, '') };
  }

  private open(socket: WebSocket, known: KnownCaller | undefined): void {
    const open = channelConnections.labels('websocket');
    open.inc();
    if (!known) this.greeting++;
    let greeted = known !== undefined;
    const greet = (): void => {
      if (!greeted) this.greeting--;
      greeted = true;
    };
    const hold = (caller: Caller): (() => void) => {
      const giveBack = this.options.hold(caller);
      greet();
      return giveBack;
    };
    const client = new StreamClient(socket, { ...this.options, hold }, known);
    this.clients.add(client);
    socket.once('close', () => {
      open.dec();
      greet();
      this.clients.delete(client);
    });
    if (this.draining) client.close(closeCodes.restart);
  }
}

function refuse(socket: Duplex, request: IncomingMessage, error: unknown): void {
  if (socket.destroyed) return;
  const refusal = BatonError.is(error)
    ? error
    : new BatonError('internal', 'the gateway failed', { cause: error });
  const body = JSON.stringify(toProblem(refusal, { url: request.url ?? '/' }));
  const headers = {
    ...problemHeaders(refusal),
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const { status, title } = errorCodes[refusal.code];
  socket.end(`HTTP/1.1 ${status} ${title}\r\n${lines.join('')}\r\n${body}`);
}
