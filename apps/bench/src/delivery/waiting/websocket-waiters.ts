import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { Learned, Waiters, Waiting } from './waiter.js';

interface Message {
  authenticated?: boolean;
  subscribed?: string;
  events?: { type: string; at: string }[];
  type?: string;
  at?: string;
  error?: { message: string };
}

/** Sockets, each of which watches one job. */
export class WebSocketWaiters implements Waiters {
  private readonly sockets = new Set<WebSocket>();

  constructor(private readonly gatewayUrl: string) {}

  wait({ id, token }: { id: string; token: string }): Waiting {
    const socket = new WebSocket(`${this.gatewayUrl.replace('http', 'ws')}/v1/stream`, 'baton.v1', {
      perMessageDeflate: false,
    });
    this.sockets.add(socket);
    let onHeld: () => void;
    const held = new Promise<void>((resolve) => (onHeld = resolve));
    const learned = new Promise<Learned>((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', (code) => reject(new Error(`the socket of ${id} was closed with ${code}`)));
      socket.on('open', () => socket.send(JSON.stringify({ token })));
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as Message;
        if (message.error) reject(new Error(message.error.message));
        if (message.authenticated) socket.send(JSON.stringify({ subscribe: `job:${id}` }));
        if (message.subscribed !== undefined) onHeld();
        const end = [message, ...(message.events ?? [])].find(({ type }) => type === 'job.succeeded');
        if (end?.at !== undefined) resolve({ endedAtMs: Date.parse(end.at), atMs: Date.now() });
      });
    });
    return { held: Promise.race([held, learned.then(() => undefined)]), learned };
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.sockets].map(async (socket) => {
        if (socket.readyState === WebSocket.CLOSED) return;
        const closed = once(socket, 'close');
        socket.terminate();
        await closed;
      }),
    );
  }
}
