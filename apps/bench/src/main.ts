/** `npm run bench`: see docs/benchmarks. */
import { BatonError } from '@baton/contracts';
import { parseBenchArguments, usage, type BenchArguments } from './arguments/bench-arguments.js';
import { readBenchConfig } from './bench.config.js';
import { Closers } from './processes/closers.js';
import { runCommand } from './run/run-command.js';

const print = (line: string): void => console.log(line);

async function main(): Promise<void> {
  const parsed = parseBenchArguments(process.argv.slice(2));
  if (parsed === 'help') return print(usage);
  const closers = new Closers();
  endOnSignal(closers);
  await runAndClose(parsed, closers);
}

async function runAndClose(parsed: BenchArguments, closers: Closers): Promise<void> {
  try {
    await runCommand(parsed, { config: readBenchConfig(), closers, print });
  } finally {
    await closers.close();
  }
}

/** The first signal ends all that was started; a second one at once, and the servers' watchdog clears up. */
function endOnSignal(closers: Closers): void {
  let ending = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (ending) process.exit(130);
      ending = true;
      print('\nEnding what was started…');
      closers.close().then(
        () => process.exit(130),
        (error: unknown) => fail(error),
      );
    });
  }
}

function fail(error: unknown): never {
  // What a user can act on needs no stack trace; a defect does.
  console.error(BatonError.is(error) && error.code !== 'internal' ? `\n${error.message}` : error);
  process.exit(1);
}

await main().catch(fail);
process.exit(0);
