import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
}

type Serve = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * A gateway that answers what a test tells it to, so that a client meets what a real one does seldom: refusals, proxies
 * that spoil streams, connections that break at a certain place. What is right is tested on real gateways, in apps/e2e.
 */
export class ScriptedGateway {
  readonly seen: Seen[] = [];
  /** What came over WebSockets, in order. */
  readonly messages: Record<string, unknown>[] = [];
  /** How requests are served, in turn; the last one serves all others. */
  requests: Serve[] = [];
  /** What each socket does, in turn, with each message; none: upgrades are refused. */
  sockets: ((socket: WebSocket, message: Record<string, unknown>) => void)[] = [];

  readonly url: string;

  private constructor(
    private readonly server: Server,
    private readonly upgrades: WebSocketServer,
  ) {
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('request', (request: IncomingMessage, response: ServerResponse) => {
      this.note(request);
      const serve = this.requests.length > 1 ? this.requests.shift()! : this.requests[0]!;
      serve(request, response);
    });
    server.on('upgrade', (request: IncomingMessage, socket, head) => {
      this.note(request);
      const serve = this.sockets.shift();
      if (!serve) return void socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\n\r\n');
      upgrades.handleUpgrade(request, socket, head, (opened) =>
        opened.on('message', (data: Buffer) => {
          const message = JSON.parse(data.toString()) as Record<string, unknown>;
          this.messages.push(message);
          serve(opened, message);
        }),
      );
    });
  }

  static async start(): Promise<ScriptedGateway> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const upgrades = new WebSocketServer({ noServer: true, handleProtocols: () => 'baton.v1' });
    return new ScriptedGateway(server, upgrades);
  }

  stop(): void {
    for (const socket of this.upgrades.clients) socket.terminate();
    this.server.closeAllConnections();
    this.server.close();
  }

  private note({ method = '', url = '', headers }: IncomingMessage): void {
    this.seen.push({ method, url, headers });
  }
}

export function event(seq: number, type: string, data: object = {}): object {
  return { cursor: `0:${seq}`, type, at: new Date(0).toISOString(), data };
}

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Serve =>
  (_request, response) =>
    void response
      .writeHead(status, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(body));

export function problem(code: string, status: number, headers: Record<string, string> = {}): Serve {
  const retryable = status === 503 || status === 429;
  return json(status, { code, status, detail: `because of ${code}`, retryable }, headers);
}

export const sse =
  (...events: object[]): Serve =>
  (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
    response.write('retry: 1\n\n');
    for (const each of events) {
      const { cursor, type } = each as { cursor: string; type: string };
      response.write(`id: ${cursor}\nevent: ${type}\ndata: ${JSON.stringify(each)}\n\n`);
    }
    response.end();
  };

/** Takes the token, and answers a subscription with events; then closes where a code is given. */
export function telling(events: object[], { code }: { code?: number } = {}) {
  return (socket: WebSocket, message: Record<string, unknown>): void => {
    const say = (answer: object): void => socket.send(JSON.stringify(answer));
    if ('token' in message) say({ authenticated: true });
    if ('unsubscribe' in message) say({ unsubscribed: message['unsubscribe'] });
    if (!('subscribe' in message)) return;
    const cursor = (events.at(-1) as { cursor?: string } | undefined)?.cursor ?? message['cursor'];
    say({ subscribed: message['subscribe'], recovered: true, cursor, terminal: false, events });
    if (code !== undefined) socket.close(code, 'as the test says');
  };
}
