import { Readable } from 'node:stream';
import { BatonError, type UploadReference } from '@baton/contracts';
import { sealedKey, type ObjectStore } from '@baton/objects';
import type { UploadSource } from './upload.js';

/** Reads an upload that lies in PostgreSQL; undefined: it is gone. */
export type PostgresUploads = (tenantId: string, id: string) => Promise<Buffer | undefined>;

/** Uploads in S3 and, for who knows PostgreSQL, there. The name in S3 is made of the job's own tenant: no payload can name another's. */
export class StoredUploads implements UploadSource {
  constructor(
    private readonly objects: ObjectStore | undefined,
    private readonly postgres?: PostgresUploads,
  ) {}

  async open(
    { $upload: id, seal, place }: UploadReference,
    tenantId: string,
    signal: AbortSignal,
  ): Promise<Readable> {
    if (seal === undefined || place === undefined)
      throw new BatonError(
        'payload_invalid',
        `upload ${id} is not sealed: only the API seals what a payload names`,
      );
    if (place === 'postgresql') {
      if (!this.postgres) throw needsObjects(id, 'lies in PostgreSQL, which an event worker does not see');
      const bytes = await this.postgres(tenantId, id);
      if (!bytes) throw gone(id);
      return Readable.from([bytes]);
    }
    if (!this.objects)
      throw needsObjects(id, 'lies in S3, and this worker is not told where that is (S3_ENDPOINT)');
    const opened = await this.objects.open(sealedKey({ tenantId, id, seal }), { signal });
    if (!opened) throw gone(id);
    return opened.body;
  }
}

function gone(id: string): BatonError {
  return new BatonError('not_found', `upload ${id} is not there any more`);
}

function needsObjects(id: string, why: string): BatonError {
  return new BatonError('needs_objects', `upload ${id} ${why}`);
}
