import { Command, CommanderError } from 'commander';
import { adviseCommand } from './advise/advise-command.js';
import { describeError } from './output/describe-error.js';
import { type ExitCode, exitCodes } from './exit-codes.js';
import type { Terminal } from './terminal.js';
import { webhooksCommand } from './webhooks/webhooks-command.js';

export type { Terminal } from './terminal.js';

/**
 * Runs one command line.
 * @param args without the program's name
 * @returns what the process should end with; nothing is thrown
 */
export async function runCli(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok;
  const program = makeProgram(terminal, (ended) => (code = ended));
  try {
    await program.parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    // Commander has said already what is wrong with the words.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
    if (terminal.signal.aborted) return exitCodes.interrupted;
    const described = describeError(error);
    terminal.err(args.includes('--json') ? `${JSON.stringify({ error: described.json })}\n` : described.text);
    return described.exitCode;
  }
}

/** @param end a command that ends with another code than 0 says so here */
function makeProgram(terminal: Terminal, end: (code: ExitCode) => void): Command {
  const program = new Command('baton')
    .description('Baton on the command line: webhooks in development, and advice')
    .option('--url <url>', "the producer's URL, else BATON_URL, else the local stack's")
    .option('--gateway <url>', "the result gateway's URL, else BATON_GATEWAY_URL, else the local stack's")
    .option('--key <key>', "an API key, else BATON_API_KEY (better: others see a process's words)")
    .option('--json', 'answer in JSON, for programs')
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.err(text) })
    .showHelpAfterError('(--help tells all)')
    .exitOverride();
  for (const command of [webhooksCommand({ terminal, end }), adviseCommand({ terminal, end })])
    program.addCommand(inherit(command, program));
  return program;
}

/** Commander hands these on to commands that it makes itself, not to those that are added. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent);
  for (const each of command.commands) inherit(each, command);
  return command;
}
