import type { ExitCode } from './exit-codes.js';
import type { Terminal } from './terminal.js';

/** What each command is made with. */
export interface CommandParts {
  terminal: Terminal;
  /** The command ends well, and yet with this code: a check has found something. */
  end: (code: ExitCode) => void;
}

/** The options that stand before and after every command. */
export interface GlobalOptions {
  url?: string;
  gateway?: string;
  key?: string;
  json?: boolean;
}
