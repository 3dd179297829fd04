import { readFile } from 'node:fs/promises';
import { Command } from 'commander';
import { UsageError } from '../../cli.error.js';
import type { CommandParts, GlobalOptions } from '../../command-parts.js';
import { exitCodes } from '../../exit-codes.js';
import { print } from '../../output/print.js';
import { needSecret } from '../secret.config.js';
import { describeDiff } from './describe-diff.js';
import { explainSignature } from './explain-signature.js';
import { parseHeaderLines, readReceivedHeaders } from './received-headers.js';

interface DiffOptions extends GlobalOptions {
  secret?: string;
  body: string;
  headers?: string;
  header: string[];
  computed?: string;
}

export function diffCommand({ terminal, end }: CommandParts): Command {
  const collect = (value: string, before: string[]): string[] => [...before, value];
  return new Command('diff')
    .description('why a signature does not match: names the part that differs, and what to do')
    .option('--secret <secret>', 'whsec_…, else BATON_WEBHOOK_SECRET')
    .requiredOption('--body <file>', 'the body as your receiver has it; - for the standard input')
    .option('--headers <file>', 'the headers as they came, a line each: "webhook-id: …"')
    .option('--header <line>', 'one of them; repeatable', collect, [])
    .option('--computed <signature>', 'what your own code makes of it: says what your code does otherwise')
    .action(async (_options: unknown, command: Command) => {
      const {
        secret: given,
        body: place,
        headers,
        header,
        computed,
        json,
      } = command.optsWithGlobals<DiffOptions>();
      const secret = needSecret(given, terminal);
      const lines = headers === undefined ? '' : await readText(headers, '--headers');
      const received = readReceivedHeaders(parseHeaderLines([lines, ...header].join('\n')));
      const body = place === '-' ? await terminal.input() : await readBytes(place, '--body');
      const { id, timestamp, signatures } = received;
      const explanation = explainSignature(
        { id, timestamp, body, secret },
        computed === undefined ? signatures : [computed],
        received,
      );
      const diff = {
        ...explanation,
        of: computed === undefined ? ('header' as const) : ('computed' as const),
        timestamp,
      };
      print({ terminal }, { json, value: diff, text: () => describeDiff(diff, Date.now()) });
      end(explanation.matches ? exitCodes.ok : exitCodes.found);
    });
}

async function readBytes(file: string, option: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (cause) {
    throw new UsageError(`${option} names a file that cannot be read: ${(cause as Error).message}`);
  }
}

async function readText(file: string, option: string): Promise<string> {
  return (await readBytes(file, option)).toString('utf8');
}
