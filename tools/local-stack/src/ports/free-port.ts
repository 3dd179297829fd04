import { randomInt } from 'node:crypto';
import net from 'node:net';
import { LocalStackConfigError } from '../local-stack.error.js';

/**
 * Below the range from which Linux (32768 and up) and macOS (49152 and up) take the ports of outgoing
 * connections: a server that is stopped for a while gets its port back, and a client that knocks at the
 * empty port meanwhile cannot connect to itself.
 */
const lowest = 20_000;
const highest = 32_000;
const tries = 200;

/** Ports this process has given out; a server may take seconds until it binds one. */
const givenOut = new Set<number>();

/** A port on loopback that is free now and that no other call in this process got. */
export async function freePort(): Promise<number> {
  for (let i = 0; i < tries; i++) {
    const port = randomInt(lowest, highest);
    if (!givenOut.has(port) && (await isPortFree(port))) {
      givenOut.add(port);
      return port;
    }
  }
  throw new LocalStackConfigError(`No free port found between ${lowest} and ${highest} in ${tries} tries`);
}

/** The wanted port where it is free, else another. */
export async function preferPort(wanted: number): Promise<number> {
  if (givenOut.has(wanted) || !(await isPortFree(wanted))) return freePort();
  givenOut.add(wanted);
  return wanted;
}

/** The server that had this port is gone for good. */
export function giveBackPort(port: number): void {
  givenOut.delete(port);
}

/** Whether a server could listen on the port now, on loopback and on all addresses. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port));
}

function canListen(port: number, host?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once('error', () => resolve(false)); // taken or forbidden: not free for us
    server.listen({ port, ...(host && { host }) }, () => server.close(() => resolve(true)));
  });
}
