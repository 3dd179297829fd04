import { dispatchModes, type DispatchMode } from '@baton/contracts';
import { LocalStackConfigError } from '../local-stack.error.js';

export interface StartArguments {
  /** `polling`: PostgreSQL alone. `event`, the default: all servers, both kinds of worker. */
  mode: DispatchMode;
  help: boolean;
}

export const usage = `npm start                      PostgreSQL, Kafka, Redis, S3, and all services
npm start -- --mode polling    PostgreSQL and the services alone; needs no Java`;

/** Throws LocalStackConfigError for anything it does not know. */
export function parseStartArguments(args: readonly string[]): StartArguments {
  const parsed: StartArguments = { mode: 'event', help: false };
  for (let i = 0; i < args.length; i++) {
    const [name, inline] = (args[i] ?? '').split('=', 2);
    if (name === '--help' || name === '-h') parsed.help = true;
    else if (name === '--mode') parsed.mode = readMode(inline ?? args[++i]);
    else
      throw new LocalStackConfigError(
        `Unknown argument "${args[i] ?? ''}"; allowed are --mode and --help\n${usage}`,
      );
  }
  return parsed;
}

function readMode(value: string | undefined): DispatchMode {
  const mode = dispatchModes.find((known) => known === value);
  if (!mode)
    throw new LocalStackConfigError(
      `--mode is ${value === undefined ? 'not followed by a value' : `"${value}"`}; allowed is ${dispatchModes.join(' or ')}`,
    );
  return mode;
}
