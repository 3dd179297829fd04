import { chmodSync, rmSync } from 'node:fs';
import net, { type Server, type Socket } from 'node:net';
import { startStack } from '../stack/start-stack.js';
import type { Stack } from '../stack/stack.js';
import type { KeeperAddress } from './keeper-address.js';
import { readLines, sendLine, type KeeperAnswer, type KeeperRequest } from './keeper-messages.js';

export interface KeeperOptions {
  /** How long it stays when nobody is connected, ms. */
  idleMs: number;
}

/**
 * Holds the shared test stack for many short-lived processes.
 *
 * idle ⇄ leased (a connection is a lease); idle for `idleMs`, or told to stop ─▶ ended: stack stopped, data gone.
 */
export class Keeper {
  private readonly leases = new Set<Socket>();
  private readonly server: Server;
  private idleTimer: NodeJS.Timeout | undefined;
  private ending: Promise<void> | undefined;

  private constructor(
    private readonly stack: Stack,
    private readonly address: KeeperAddress,
    private readonly options: KeeperOptions,
  ) {
    this.server = net.createServer((socket) => this.lease(socket));
  }

  /** Throws StackRunningError if another keeper was first. */
  static async open(address: KeeperAddress, options: KeeperOptions): Promise<Keeper> {
    const stack = await startStack({
      dir: address.dir,
      services: [],
      persistent: false,
      durable: false,
      onProgress: (line) => console.log(line),
    });
    chmodSync(address.dir, 0o755); // for PostgreSQL's own user
    const keeper = new Keeper(stack, address, options);
    rmSync(address.socket, { force: true }); // of a keeper that was killed: the stack's lock says that none lives
    await new Promise<void>((resolve, reject) =>
      keeper.server.once('error', reject).listen(address.socket, resolve),
    );
    keeper.waitForLease();
    return keeper;
  }

  end(): Promise<void> {
    this.ending ??= this.close();
    return this.ending;
  }

  private async close(): Promise<void> {
    clearTimeout(this.idleTimer);
    this.server.close(); // also removes the socket's file: whoever comes now starts the next keeper
    await this.stack.stop();
    for (const socket of this.leases) socket.destroy(); // who asked for the end sees it by this
  }

  private lease(socket: Socket): void {
    clearTimeout(this.idleTimer);
    this.leases.add(socket);
    socket.on('error', (error) => console.log(`a lease broke: ${error.message}`));
    socket.once('close', () => {
      this.leases.delete(socket);
      if (this.leases.size === 0 && !this.ending) this.waitForLease();
    });
    void this.serve(socket).catch((error: unknown) => console.log(`a request failed: ${String(error)}`));
  }

  private async serve(socket: Socket): Promise<void> {
    for await (const request of readLines<KeeperRequest>(socket)) {
      sendLine(socket, await this.answer(request));
      if ('stop' in request)
        void this.end().catch((error: unknown) =>
          console.log(`the stack did not end well: ${String(error)}`),
        );
    }
  }

  private async answer(request: KeeperRequest): Promise<KeeperAnswer> {
    if ('stop' in request) return { stopping: true };
    try {
      await this.stack.ensure(['postgres', ...request.need]);
      const missing = this.stack.unavailable.find(({ service }) => request.need.includes(service));
      if (missing)
        return { failed: `${missing.service} cannot run here: ${missing.why} ${missing.whatToDo}` };
      return { addresses: this.stack.addresses, keeper: process.pid };
    } catch (error) {
      return { failed: error instanceof Error ? error.message : String(error) };
    }
  }

  private waitForLease(): void {
    this.idleTimer = setTimeout(
      () =>
        void this.end().catch((error: unknown) =>
          console.log(`the stack did not end well: ${String(error)}`),
        ),
      this.options.idleMs,
    );
  }
}
