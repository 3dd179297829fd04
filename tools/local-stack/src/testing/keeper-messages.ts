import { createInterface } from 'node:readline';
import type { Socket } from 'node:net';
import type { ServiceName } from '../stack/service-name.js';
import type { StackAddresses } from '../stack/stack-addresses.js';

/** One JSON line each way. An open connection is the asker's lease: the keeper stays while there is one. */
export type KeeperRequest = { need: readonly ServiceName[] } | { stop: true };

export type KeeperAnswer =
  { addresses: StackAddresses; keeper: number } | { stopping: true } | { failed: string };

export function sendLine(socket: Socket, message: KeeperRequest | KeeperAnswer): void {
  socket.write(`${JSON.stringify(message)}\n`);
}

/** The lines that come in, parsed; ends with the connection. */
export async function* readLines<Message>(socket: Socket): AsyncGenerator<Message> {
  for await (const line of createInterface({ input: socket })) yield JSON.parse(line) as Message;
}
