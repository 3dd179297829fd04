import net from 'node:net';

/** Whether a TCP connection to a port of this machine is accepted within a second. */
export function reachesPort(port: number): Promise<boolean> {
  return exchange(port, '', () => true);
}

/** Sends a line and tells whether the first answer fits. */
export function answersLine(port: number, line: string, expected: string): Promise<boolean> {
  return exchange(port, line, (answer) => answer.startsWith(expected));
}

function exchange(port: number, question: string, fits: (answer: string) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: '127.0.0.1' });
    const finish = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(1_000, () => finish(false));
    socket.once('error', () => finish(false)); // refused: not there yet
    socket.once('connect', () => (question ? socket.write(question) : finish(true)));
    socket.once('data', (chunk: Buffer) => finish(fits(chunk.toString())));
  });
}
