/** `npm start`: starts everything, runs a first job through each mode, and stays up until it is told to end. */
import { BatonError } from '@baton/contracts';
import { runFirstJobs } from './first-jobs.js';
import { LocalStackRun } from './local-stack-run.js';
import { parseStartArguments, usage } from './start-arguments.js';
import { readStartConfig } from './start.config.js';
import { collectTraces } from './traces.js';
import { welcome } from './welcome.js';

const print = (line: string): void => console.log(line);

async function main(): Promise<void> {
  const { mode, help } = parseStartArguments(process.argv.slice(2));
  if (help) return print(usage);
  const config = readStartConfig();
  const traces = config.exportsTraces ? undefined : await collectTraces();
  const run = new LocalStackRun({ config, mode, traces, print });
  let ending: Promise<void> | undefined;
  const end = (): Promise<void> => (ending ??= run.stop().then(() => traces?.close()));
  endOnSignal(end);
  try {
    const deployment = await run.start();
    await runFirstJobs({
      producerUrl: deployment.producer,
      gatewayUrl: deployment.gateway,
      apiKey: deployment.apiKey,
      modes: deployment.modes,
      traces,
      print,
    });
    traces?.forgetSoon();
    await run.announce(deployment);
    print(welcome(deployment));
  } catch (error) {
    if (ending) return; // a service that was told to end while it started says so
    await end();
    throw error;
  }
}

/** The first signal ends everything in order; a second one at once, and the watchdog clears up. */
function endOnSignal(end: () => Promise<void>): void {
  let isEnding = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isEnding) process.exit(130);
      isEnding = true;
      print('\nEnding services, then servers…');
      end().then(
        () => process.exit(0),
        (error: unknown) => {
          complain(error);
          process.exit(1);
        },
      );
    });
  }
}

function complain(error: unknown): void {
  // What a user can act on needs no stack trace; a defect does.
  console.error(BatonError.is(error) && error instanceof Error ? `\n${error.message}` : error);
}

await main().catch((error: unknown) => {
  complain(error);
  process.exit(1);
});
