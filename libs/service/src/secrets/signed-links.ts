import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** What a link carries of its own. */
export interface LinkSeal {
  /** Milliseconds since the epoch. */
  expires: number;
  signature: string;
}

/**
 * Signs short-lived links to one thing each. Whoever has a link may use it until it expires; the key is derived from the
 * deployment's master key, so every replica takes every link.
 */
export class SignedLinks {
  private readonly key: Buffer;

  /** @param purpose keys of different purposes have nothing to do with each other */
  constructor(masterKey: Buffer, purpose: string) {
    this.key = Buffer.from(hkdfSync('sha256', masterKey, '', purpose, 32));
  }

  /** @returns the query of the link, without a question mark */
  queryFor(subject: string, expiresAtMs: number): string {
    return `expires=${expiresAtMs}&signature=${this.sign(subject, expiresAtMs)}`;
  }

  /** @returns why the link is not good, or undefined when it is */
  refuse(subject: string, { expires, signature }: LinkSeal, nowMs: number): string | undefined {
    const [given, right] = [Buffer.from(signature), Buffer.from(this.sign(subject, expires))];
    if (given.length !== right.length || !timingSafeEqual(given, right))
      return 'the signature of this link is wrong';
    if (nowMs >= expires) return `this link expired at ${new Date(expires).toISOString()}; ask for another`;
    return undefined;
  }

  private sign(subject: string, expiresAtMs: number): string {
    return createHmac('sha256', this.key).update(`${subject}.${expiresAtMs}`).digest('base64url');
  }
}
