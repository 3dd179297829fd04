/** What the process ends with. `docs/cli.md` lists them; a test compares the two. */
export const exitCodes = {
  /** Done; for a check: nothing was found wrong. */
  ok: 0,
  /** A check found something: a bad grade, a signature that does not match. */
  found: 1,
  /** The command was used wrongly, or does not know which Baton to talk to. */
  usage: 2,
  /** Baton refused the request; coming again unchanged does not help. */
  refused: 3,
  /** No answer, or one that says to come again. */
  unavailable: 4,
  /** The command itself failed: a defect. */
  internal: 70,
  /** Ended by Ctrl-C before it was done. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];
