/**
 * - `unsupported`: not this way here: no such thing in this browser, a proxy that eats it, too many of them
 * - `unreachable`: no answer at all
 * - `broken`: the connection ended, or the gateway said to come again
 * - `unauthenticated`: the token was not taken, or is over
 */
export type BreakKind = 'unsupported' | 'unreachable' | 'broken' | 'unauthenticated';

/** A channel cannot go on. What was not told is told by the next one. */
export class ChannelBreak extends Error {
  constructor(
    readonly kind: BreakKind,
    message: string,
    readonly options: {
      /** The gateway's word on when to come again. */
      afterMs?: number;
      /** What was shown, where it was not taken. */
      bearer?: string;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'ChannelBreak';
  }
}
