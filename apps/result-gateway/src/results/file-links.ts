import { type LinkSeal, SignedLinks } from '@baton/service';

/** How long a link to a file is good for; milliseconds. */
export const linkMs = 15 * 60_000;

/** Signed, short-lived links to a job's file. Whoever has the link may read that file until it expires. */
export class FileLinks {
  private readonly links: SignedLinks;

  constructor(masterKey: Buffer) {
    this.links = new SignedLinks(masterKey, 'baton file link v1');
  }

  /** The path and query of a link, and when it expires. */
  make(jobId: string, nowMs: number): { path: string; expiresAtMs: number } {
    const expiresAtMs = nowMs + linkMs;
    return { path: `/v1/results/${jobId}/file?${this.links.queryFor(jobId, expiresAtMs)}`, expiresAtMs };
  }

  /** @returns why the link is not good, or undefined when it is */
  refuse(jobId: string, seal: LinkSeal, nowMs: number): string | undefined {
    return this.links.refuse(jobId, seal, nowMs);
  }
}
