import { WebSocket } from 'ws';

export type Told = Record<string, unknown>;

/** A client of `/v1/stream` that keeps what it was told until it is asked for. */
export class TestSocket {
  readonly closed: Promise<{ code: number; reason: string }>;
  private readonly told: Told[] = [];
  private waiting: (() => void) | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.told.push(JSON.parse(data.toString()) as Told);
      this.waiting?.();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) =>
      socket.once('close', (code: number, reason) => resolve({ code, reason: String(reason) })),
    );
    void this.closed.then(() => this.waiting?.());
  }

  /** @throws Error with the status of a refused upgrade */
  static async open(
    url: string,
    {
      protocol = 'baton.v1',
      path = '/v1/stream',
      ...options
    }: { protocol?: string; path?: string } & Record<string, unknown> = {},
  ): Promise<TestSocket> {
    const socket = new WebSocket(url.replace('http', 'ws') + path, protocol, options);
    const client = new TestSocket(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => resolve());
      socket.once('unexpected-response', (_request, answer) => {
        const status = answer.statusCode;
        answer.on('data', (body: Buffer) => {
          reject(new Error(`${status}: ${(JSON.parse(body.toString()) as { detail: string }).detail}`));
        });
      });
      socket.once('error', reject);
    });
    return client;
  }

  send(message: object): void {
    this.socket.send(JSON.stringify(message));
  }

  /** @throws Error when the socket closes first */
  async next(): Promise<Told> {
    while (this.told.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error('the socket is closed');
      await new Promise<void>((resolve) => (this.waiting = resolve));
    }
    return this.told.shift()!;
  }

  async ask(message: object): Promise<Told> {
    this.send(message);
    return this.next();
  }

  close(): void {
    this.socket.terminate();
  }
}
