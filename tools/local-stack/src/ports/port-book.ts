import { readFile, writeFile } from 'node:fs/promises';
import { freePort, giveBackPort, preferPort } from './free-port.js';

/** The ports of a stack by name, kept in a file so that a second start has the same addresses where it can. */
export class PortBook {
  private readonly ports = new Map<string, number>();
  private readonly taken = new Set<number>();

  private constructor(private readonly file: string) {}

  static async open(file: string): Promise<PortBook> {
    const book = new PortBook(file);
    for (const [name, port] of Object.entries(await readPorts(file))) book.ports.set(name, port);
    return book;
  }

  /** The remembered port if it is still free, else a new one, remembered from now on. */
  async take(name: string): Promise<number> {
    const remembered = this.ports.get(name);
    const port = remembered === undefined ? await freePort() : await preferPort(remembered);
    this.ports.set(name, port);
    this.taken.add(port);
    await writeFile(this.file, `${JSON.stringify(Object.fromEntries(this.ports), null, 2)}\n`);
    return port;
  }

  /** The stack has ended; another one in this process may use its ports. */
  giveBack(): void {
    for (const port of this.taken) giveBackPort(port);
  }
}

async function readPorts(file: string): Promise<Record<string, number>> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Record<string, number>;
  } catch {
    return {}; // absent, or cut short by a kill: ports are only a convenience, new ones do
  }
}
