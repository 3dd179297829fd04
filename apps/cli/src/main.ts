import { runCli } from './run-cli.js';
import { processTerminal } from './terminal.config.js';

process.exitCode = await runCli(process.argv.slice(2), processTerminal());
