import { BatonError } from '@baton/contracts';

/** How many requests, streams or sockets each key holds open, and that none holds too many. */
export class KeyHolds {
  private readonly held = new Map<string, number>();

  /** @param options.what in the plural, for the error @param options.instead what the client should do */
  constructor(private readonly options: { most: number; what: string; instead: string }) {}

  /** @returns what gives the hold back @throws BatonError `too_many_waiting` */
  take(holder: string): () => void {
    const { most, what, instead } = this.options;
    const held = this.held.get(holder) ?? 0;
    if (held >= most) {
      throw new BatonError(
        'too_many_waiting',
        `${held} ${what} are open for this key; allowed: ${most}. ${instead}`,
        {
          retryAfterSeconds: 1,
        },
      );
    }
    this.held.set(holder, held + 1);
    let given = false;
    return () => {
      if (given) return;
      given = true;
      const left = (this.held.get(holder) ?? 1) - 1;
      if (left === 0) this.held.delete(holder);
      else this.held.set(holder, left);
    };
  }
}
