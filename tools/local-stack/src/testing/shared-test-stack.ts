import { readFile } from 'node:fs/promises';
import net, { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ProcessFailedError } from '../local-stack.error.js';
import type { ServiceName } from '../stack/service-name.js';
import type { StackAddresses } from '../stack/stack-addresses.js';
import { keeperAddress, type KeeperAddress } from './keeper-address.js';
import { readLines, sendLine, type KeeperAnswer } from './keeper-messages.js';
import { spawnKeeper } from './spawn-keeper.js';

export interface SharedTestStackOptions {
  kafka?: boolean;
  redis?: boolean;
  s3?: boolean;
  /** Stacks of other names are other stacks. */
  name?: string;
  /** How long the stack stays with no user, ms, if this call is the one that starts it. Default 90 s. */
  idleMs?: number;
}

export interface SharedTestStack extends StackAddresses {
  /** The process that holds the servers. */
  keeperPid: number;
  /** Gives the lease back; the end of this process does so too. */
  release: () => void;
}

/** On a bare machine Maven first fetches 100 MB. */
const startWithinMs = 5 * 60_000;

/** The same, with what was asked for surely there. */
type With<Options, Key extends string, Fields> = Options extends { [K in Key]: true } ? Fields : unknown;

export type SharedTestStackOf<Options> = SharedTestStack &
  With<Options, 'kafka', Required<Pick<StackAddresses, 'kafkaBrokers'>>> &
  With<Options, 'redis', Required<Pick<StackAddresses, 'redisUrl'>>> &
  With<Options, 's3', Required<Pick<StackAddresses, 's3'>>>;

/**
 * The stack that all test files of a run share: started by the first asker in a process of its own, with
 * PostgreSQL at once and the other servers when first asked for. Keep apart by a database per file and fresh
 * topic, group and key names; never stop its servers (createTestStack is for that). It ends by
 * stopSharedTestStack(), or when nobody has used it for 90 s. Throws ProcessFailedError.
 */
export async function sharedTestStack<const Options extends SharedTestStackOptions>(
  options?: Options,
): Promise<SharedTestStackOf<Options>> {
  const { name = 'tests', idleMs = 90_000, ...wanted }: SharedTestStackOptions = options ?? {};
  const address = keeperAddress(name);
  const need = (['kafka', 'redis', 's3'] as const).filter((service) => wanted[service]);
  const deadline = performance.now() + startWithinMs;
  for (let attempt = 0; performance.now() < deadline; attempt++) {
    const socket = await connect(address);
    if (socket) {
      const stack = await lease(socket, need, address);
      if (stack) return stack as SharedTestStackOf<Options>;
    } else if (attempt % 100 === 0) spawnKeeper(address, name, idleMs); // again each 5 s: the last may just have been ending
    await delay(50);
  }
  throw new ProcessFailedError(
    `The shared test stack did not come up in ${startWithinMs / 1000} s. Its log, ${address.log}:\n${await readFile(address.log, 'utf8')}`,
  );
}

/** Ends the shared stack for everyone and waits until its servers are gone; does nothing if there is none. */
export async function stopSharedTestStack(name = 'tests'): Promise<void> {
  const socket = await connect(keeperAddress(name));
  if (!socket) return;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.resume();
  sendLine(socket, { stop: true });
  await closed;
}

/** Undefined if the keeper ended before it answered. */
async function lease(
  socket: Socket,
  need: readonly ServiceName[],
  address: KeeperAddress,
): Promise<SharedTestStack | undefined> {
  sendLine(socket, { need });
  const first = await readLines<KeeperAnswer>(socket).next();
  if (first.done || 'stopping' in first.value) return undefined;
  const answer = first.value;
  if ('failed' in answer) {
    socket.destroy();
    throw new ProcessFailedError(`The shared test stack failed: ${answer.failed} (its log: ${address.log})`);
  }
  socket.unref(); // the lease must not keep a test process alive
  return { ...answer.addresses, keeperPid: answer.keeper, release: () => socket.destroy() };
}

function connect(address: KeeperAddress): Promise<Socket | undefined> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(address.socket);
    socket.once('connect', () => {
      socket.on('error', () => socket.destroy()); // the keeper went; the next asker starts another
      resolve(socket);
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT' || error.code === 'ECONNREFUSED') resolve(undefined);
      else reject(error);
    });
  });
}
