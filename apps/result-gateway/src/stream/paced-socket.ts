import type { WebSocket } from 'ws';
import { type Close, closeCodes } from './close-codes.js';

export interface Pace {
  /** How often a ping is sent, and how soon its pong must come; milliseconds. */
  pingMs: number;
  pongMs: number;
  /** A message that the client has not read after so long: it is cut. */
  slowMs: number;
}

/** How long a closing handshake may take. */
const closingMs = 1_000;

/**
 * A socket that is written to by turns: whoever writes has the turn until the client's socket took it, so that of all
 * that is to be told to a client only one part is in memory. A client that does not read, or whose pong does not come,
 * is cut.
 */
export class PacedSocket {
  private turn: Promise<void> = Promise.resolve();
  private readonly ping: NodeJS.Timeout;
  private pongDue: NodeJS.Timeout | undefined;

  constructor(
    private readonly socket: WebSocket,
    private readonly pace: Pace,
  ) {
    this.ping = setInterval(() => this.sendPing(), pace.pingMs);
    socket.on('pong', () => {
      clearTimeout(this.pongDue);
      this.pongDue = undefined;
    });
    socket.on('close', () => {
      clearInterval(this.ping);
      clearTimeout(this.pongDue);
    });
  }

  get open(): boolean {
    return this.socket.readyState === this.socket.OPEN;
  }

  /** Runs `work`, which may send, when the turn comes. */
  inTurn(work: (send: (message: object) => Promise<void>) => Promise<void>): Promise<void> {
    const mine = this.turn.then(() => (this.open ? work((message) => this.send(message)) : undefined));
    this.turn = mine.catch(() => undefined); // whoever waits for his own work is told
    return mine;
  }

  /** Sends a word in its turn. */
  tell(message: object): Promise<void> {
    return this.inTurn((send) => send(message));
  }

  close({ code, reason }: Close): void {
    if (!this.open) return;
    this.socket.close(code, shortened(reason));
    // Of a client that does not answer, the goodbye is not waited for.
    setTimeout(() => this.socket.terminate(), closingMs).unref();
  }

  private send(message: object): Promise<void> {
    return new Promise((resolve) => {
      const late = setTimeout(() => this.close(closeCodes.slow), this.pace.slowMs);
      this.socket.send(JSON.stringify(message), () => {
        // An error means that the socket is closed, which its owner hears of.
        clearTimeout(late);
        resolve();
      });
    });
  }

  private sendPing(): void {
    if (!this.open) return;
    this.socket.ping();
    this.pongDue ??= setTimeout(() => this.close(closeCodes.noPong), this.pace.pongMs);
  }
}

/** A close frame has room for 123 bytes. */
function shortened(reason: string): string {
  const bytes = Buffer.from(reason);
  return bytes.length <= 123
    ? reason
    : bytes
        .subarray(0, 120)
        .toString()
        .replace(/\uFFFD+$/, '');
}
