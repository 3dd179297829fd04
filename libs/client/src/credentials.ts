import { BatonError } from '@baton/contracts';

/** What a client shows to the services: in a header or in a WebSocket's first message, never in a URL. */
export interface Credentials {
  /** A key or token that is good now. @throws BatonError when there is none to be had */
  bearer(): Promise<string>;
  /** The service did not take this one: the next `bearer()` gives another. @returns false when there is no other */
  refused(bearer: string): boolean;
  /** When to give the services another one; milliseconds since 1970. Undefined: never. */
  readonly renewAtMs: number | undefined;
}

/** An API key, which lasts. */
export class KeyCredentials implements Credentials {
  readonly renewAtMs = undefined;

  constructor(private readonly key: string) {}

  bearer(): Promise<string> {
    return Promise.resolve(this.key);
  }

  refused(): boolean {
    return false;
  }
}

/** A token is renewed when this share of its life is left, and a minute before its end at the latest. */
const marginShare = 0.2;
const mostMarginMs = 60_000;

/** A job's token, which lasts 15 minutes and is exchanged for a fresh one before it ends. */
export class TokenCredentials implements Credentials {
  private renewing: Promise<string> | undefined;
  private wasRefused = false;
  private endsAtMs: number | undefined;
  private hadMs: number;

  /** @param renew gets a fresh one, given the present one; undefined: nobody can */
  constructor(
    private token: string,
    private readonly renew: ((token: string) => Promise<string>) | undefined,
    private readonly now: () => number = Date.now,
  ) {
    this.hadMs = now();
    this.endsAtMs = endOf(token);
  }

  get renewAtMs(): number | undefined {
    if (this.endsAtMs === undefined) return undefined;
    return this.endsAtMs - Math.min(mostMarginMs, marginShare * Math.max(0, this.endsAtMs - this.hadMs));
  }

  /** Takes a token that came another way, such as from a page that asked its own server for one. */
  use(token: string): void {
    if (token === this.token) return;
    this.token = token;
    this.hadMs = this.now();
    this.endsAtMs = endOf(token);
    this.wasRefused = false;
  }

  async bearer(): Promise<string> {
    const { renewAtMs = Number.POSITIVE_INFINITY, endsAtMs = Number.POSITIVE_INFINITY } = this;
    if (!this.wasRefused && this.now() < renewAtMs) return this.token;
    const holds = !this.wasRefused && this.now() < endsAtMs;
    if (!this.renew) {
      if (holds) return this.token;
      throw new BatonError(
        'unauthenticated',
        'the job token is over, and nothing was given to renew it: `url` of the producer, or `refreshToken`',
      );
    }
    this.renewing ??= this.renew(this.token).finally(() => (this.renewing = undefined));
    try {
      this.use(await this.renewing);
    } catch (error) {
      if (!holds) throw error; // else there is time for another try
    }
    return this.token;
  }

  refused(bearer: string): boolean {
    if (bearer !== this.token) return true; // another has come meanwhile
    if (!this.renew || this.wasRefused) return false;
    this.wasRefused = true;
    return true;
  }
}

/** The `exp` of a JWT; the services check it, this only looks. @returns undefined for what is no JWT */
function endOf(token: string): number | undefined {
  try {
    const claims = token.split('.')[1]!.replaceAll('-', '+').replaceAll('_', '/');
    const { exp } = JSON.parse(atob(claims)) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1_000 : undefined;
  } catch {
    return undefined; // an opaque token: it is used until it is refused
  }
}
