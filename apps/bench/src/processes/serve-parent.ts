import type { Answer, Question } from './bench-child.js';

/** What a child offers. `close`, if it has one, is called once, before its end. */
export type Methods = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

/** Serves the bench's calls in a child process until it is told to end, or the bench is gone. */
export function serveParent(methods: Methods): void {
  process.on('message', (message) => void answer(methods, message as Question));
  let ending = false;
  const end = (): void => {
    if (ending) return;
    ending = true;
    const closed = methods['close']?.() ?? Promise.resolve();
    closed.then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  process.once('disconnect', end);
}

async function answer(methods: Methods, { id, method, args }: Question): Promise<void> {
  let reply: Answer;
  try {
    const call = methods[method];
    if (!call)
      throw new TypeError(`there is no method ${method}; there are ${Object.keys(methods).join(', ')}`);
    reply = { id, result: await call(...(args as never[])) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  // The bench may be gone already; then `disconnect` ends this process.
  process.send?.(reply, undefined, {}, () => {});
}
