/** What a command may touch of the world around it; tests give their own. */
export interface Terminal {
  /** Writes to the standard output: what was asked for. */
  out(text: string): void;
  /** Writes to the standard error: what a person should know besides. */
  err(text: string): void;
  /** The standard input, to its end. */
  input(): Promise<Buffer>;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Aborted when the user wants the command to end (Ctrl-C). */
  signal: AbortSignal;
}
