/** The keeper's process: `keeper-main <name> <idle ms>`, started detached by whoever first asks for the shared stack. */
import { StackRunningError } from '../local-stack.error.js';
import { keeperAddress } from './keeper-address.js';
import { Keeper } from './keeper.js';

const [name, idleMs] = process.argv.slice(2);
try {
  const keeper = await Keeper.open(keeperAddress(name), { idleMs: Number(idleMs) });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(
      signal,
      () =>
        void keeper
          .end()
          .catch((error: unknown) => console.log(`the stack did not end well: ${String(error)}`)),
    );
  }
} catch (error) {
  // Two first askers at once: the other one's keeper serves both.
  if (!(error instanceof StackRunningError)) throw error;
  console.log(error.message);
}
