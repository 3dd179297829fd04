import type { Credentials } from '../credentials.js';
import { ChannelBreak } from './channel-break.js';
import type { EventQueue } from './event-queue.js';
import { GatewaySocket, type WebSocketClass } from './gateway-socket.js';

/** Each watches 100 jobs; beyond them other channels serve. */
const mostSockets = 8;

/** The sockets that a client's watches share. */
export class SocketPool {
  private readonly sockets = new Set<GatewaySocket>();

  constructor(
    private readonly options: { WebSocket: WebSocketClass | undefined; credentials: Credentials },
  ) {}

  /** @throws ChannelBreak `unsupported` where there is no WebSocket, or too many are open */
  watch(
    gateway: string,
    { jobId, cursor, onOpen }: { jobId: string; cursor: string | undefined; onOpen: () => void },
  ): { queue: EventQueue; leave: () => void } {
    const sockets = [...this.sockets];
    const socket =
      sockets.find((each) => each.gateway === gateway && each.hasRoomFor(jobId)) ?? this.open(gateway);
    return socket.watch(jobId, cursor, onOpen);
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }

  private open(gateway: string): GatewaySocket {
    const { WebSocket, credentials } = this.options;
    if (!WebSocket)
      throw new ChannelBreak('unsupported', 'there is no WebSocket here (Node has one from 22 on)');
    if (this.sockets.size >= mostSockets)
      throw new ChannelBreak('unsupported', `${mostSockets} WebSockets of this client are full`);
    const socket: GatewaySocket = new GatewaySocket(gateway, {
      WebSocket,
      credentials,
      onClose: () => this.sockets.delete(socket),
    });
    this.sockets.add(socket);
    return socket;
  }
}
