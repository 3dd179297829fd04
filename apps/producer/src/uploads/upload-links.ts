import { type LinkSeal, SignedLinks } from '@baton/service';

/** Signed links by which a client puts an upload to the producer, where there is no S3. */
export class UploadLinks {
  private readonly links: SignedLinks;

  constructor(masterKey: Buffer) {
    this.links = new SignedLinks(masterKey, 'baton upload link v1');
  }

  pathOf(id: string, expiresAtMs: number): string {
    return `/v1/uploads/${id}/content?${this.links.queryFor(id, expiresAtMs)}`;
  }

  /** @returns why the link is not good, or undefined when it is */
  refuse(id: string, seal: LinkSeal, nowMs: number): string | undefined {
    return this.links.refuse(id, seal, nowMs);
  }
}
