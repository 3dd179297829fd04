import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** How long a link to a file is good for; milliseconds. */
export const linkMs = 15 * 60_000;

/**
 * Signed, short-lived links to a job's file. Whoever has the link may read that file until it expires; the key is
 * derived from the deployment's master key, so every replica takes every link.
 */
export class FileLinks {
  private readonly key: Buffer;

  constructor(masterKey: Buffer) {
    this.key = Buffer.from(hkdfSync('sha256', masterKey, '', 'baton file link v1', 32));
  }

  /** The path and query of a link, and when it expires. */
  make(jobId: string, nowMs: number): { path: string; expiresAtMs: number } {
    const expiresAtMs = nowMs + linkMs;
    const path = `/v1/results/${jobId}/file?expires=${expiresAtMs}&signature=${this.sign(jobId, expiresAtMs)}`;
    return { path, expiresAtMs };
  }

  /** @returns why the link is not good, or undefined when it is */
  refuse(
    jobId: string,
    { expires, signature }: { expires: number; signature: string },
    nowMs: number,
  ): string | undefined {
    const [given, right] = [Buffer.from(signature), Buffer.from(this.sign(jobId, expires))];
    if (given.length !== right.length || !timingSafeEqual(given, right))
      return 'the signature of this link is wrong';
    if (nowMs >= expires)
      return `this link expired at ${new Date(expires).toISOString()}; ask for the result again`;
    return undefined;
  }

  private sign(jobId: string, expiresAtMs: number): string {
    return createHmac('sha256', this.key).update(`${jobId}.${expiresAtMs}`).digest('base64url');
  }
}
