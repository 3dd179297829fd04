import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Received {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}
type Answer = (response: ServerResponse, request: Received) => void;

/** A receiver of webhooks on loopback, which answers as it is told: 204 where nothing is said. */
export class TestReceiver {
  readonly received: Received[] = [];
  /** The most requests that were open at once. */
  mostOpen = 0;
  private open = 0;
  private readonly answers = new Map<string, Answer>();
  private waiters: (() => void)[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((request, response) => void this.take(request, response));
  private url_ = '';

  static async start(): Promise<TestReceiver> {
    const receiver = new TestReceiver();
    receiver.server.on('connection', (socket) => {
      receiver.sockets.add(socket);
      socket.on('close', () => receiver.sockets.delete(socket));
    });
    receiver.server.listen(0, '127.0.0.1');
    await once(receiver.server, 'listening');
    receiver.url_ = `http://127.0.0.1:${(receiver.server.address() as AddressInfo).port}`;
    return receiver;
  }

  url(path = '/'): string {
    return `${this.url_}${path}`;
  }

  /** How requests to the path are answered from now on. */
  answer(path: string, answer: number | Answer, headers: Record<string, string> = {}): void {
    this.answers.set(
      path,
      typeof answer === 'number' ? (response) => response.writeHead(answer, headers).end() : answer,
    );
  }

  at(path: string): Received[] {
    return this.received.filter((request) => request.path === path);
  }

  /** Resolves when so many requests have come to the path. */
  async until(path: string, count = 1): Promise<Received[]> {
    while (this.at(path).length < count) await new Promise<void>((resolve) => this.waiters.push(resolve));
    return this.at(path);
  }

  get openConnections(): number {
    return this.sockets.size;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    response.on('close', () => this.open--);
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += String(chunk);
    const taken = { path: request.url ?? '', headers: request.headers, body };
    this.received.push(taken);
    const answer = this.answers.get(taken.path);
    if (answer) answer(response, taken);
    else response.writeHead(204).end();
    for (const wake of this.waiters.splice(0)) wake();
  }
}
