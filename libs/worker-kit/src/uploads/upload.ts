import type { Readable } from 'node:stream';
import { BatonError, isUploadReference, limits, type UploadReference } from '@baton/contracts';
import { collect, verified } from '@baton/objects';

/** Where a worker reads the uploads of its jobs. */
export interface UploadSource {
  /** @throws BatonError `needs_objects`, `not_found`, `unavailable` */
  open(upload: UploadReference, tenantId: string, signal: AbortSignal): Promise<Readable>;
}

/** An upload that the job's payload names; made by `context.upload`. Each reading begins anew. */
export class Upload {
  constructor(
    private readonly reference: UploadReference,
    private readonly read: () => Promise<Readable>,
  ) {}

  get id(): string {
    return this.reference.$upload;
  }

  /** Bytes. */
  get size(): number {
    return this.reference.size ?? 0;
  }

  /** Of the bytes, hex, as they were when the job was accepted. */
  get sha256(): string {
    return this.reference.sha256 ?? '';
  }

  /** Its bytes as they come. It fails at its end should they not be those that were accepted. */
  async stream(): Promise<Readable> {
    const stream = await this.read();
    return this.reference.sha256 === undefined ? stream : verified(stream, this.reference.sha256);
  }

  /** Its bytes at once. @param most RangeError when it has more; default 64 MiB */
  async bytes(most: number = limits.wholeUploadBytes): Promise<Buffer> {
    if (this.size > most)
      throw new RangeError(`the upload has ${this.size} bytes; at most ${most} are read at once`);
    return collect(await this.stream(), most);
  }
}

/** @throws BatonError `payload_invalid` when the value names no upload */
export function uploadOf(
  value: unknown,
  {
    source,
    tenantId,
    signal,
  }: { source: UploadSource | undefined; tenantId: string; signal: () => AbortSignal },
): Upload {
  if (!isUploadReference(value))
    throw new BatonError(
      'payload_invalid',
      `${JSON.stringify(value)?.slice(0, 200)} names no upload; a payload names one by {"$upload": "<id>"}`,
    );
  return new Upload(value, () => {
    if (!source)
      throw new BatonError(
        'needs_objects',
        'uploads cannot be read in a thread; read it before, or leave "thread" out',
      );
    return source.open(value, tenantId, signal());
  });
}
