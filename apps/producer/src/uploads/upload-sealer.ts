import { BatonError, limits } from '@baton/contracts';
import { hashOf, type ObjectStore, sealedKey, uploadKey } from '@baton/objects';
import { Database, nameUploads, retrying, sealUpload, type UploadRow } from '@baton/persistence';
import { Inject, Injectable } from '@nestjs/common';
import { uuidv7 } from 'uuidv7';
import { objectStore } from '../objects.module.js';
import { KnownQueues } from '../queues/known-queues.js';
import { type FoundReference, findReferences, mayNameUploads, replaceReferences } from './find-references.js';

/** A payload on its way in. */
export interface UnsealedPayload {
  tenantId: string;
  queue: string;
  payload: string;
  /** Where it stands in the request. */
  path: string;
}

export interface SealedPayload {
  /** Says of each upload which copy is meant and what it is. */
  payload: string;
  /** Ids of the uploads that it names; undefined: none. */
  uploads?: string[];
}

/**
 * Seals the uploads that payloads name, before their jobs are accepted: from then on the bytes that a handler reads are those
 * whose hash its payload says. In S3 the upload is copied to a name that no client can write; in PostgreSQL it takes no more
 * bytes.
 */
@Injectable()
export class UploadSealer {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(KnownQueues) private readonly queues: KnownQueues,
    @Inject(objectStore) private readonly objects: ObjectStore | null,
  ) {}

  /**
   * @returns undefined, at once, for a payload that names none
   * @throws BatonError `invalid_request`, `not_found`, `state_conflict` (it was not put), `payload_too_large`,
   *   `needs_objects`, `unavailable`
   */
  seal(asked: UnsealedPayload): undefined | Promise<SealedPayload | undefined> {
    return mayNameUploads(asked.payload) ? this.sealAll(asked) : undefined;
  }

  /** A payload that is kept for later jobs may name none. @throws BatonError `invalid_request` */
  refuse(payload: string, path: string): void {
    if (!mayNameUploads(payload)) return;
    const [first] = findReferences(payload).found;
    if (first) throw invalid(at(path, first.path), 'an upload does not live as long as a schedule');
  }

  private async sealAll({
    tenantId,
    queue,
    payload,
    path,
  }: UnsealedPayload): Promise<SealedPayload | undefined> {
    const { found, bad } = findReferences(payload);
    const [wrong] = bad;
    if (wrong)
      throw invalid(at(path, wrong.path), 'must be {"$upload": "<id>"}, with an id of POST /v1/uploads');
    if (found.length === 0) return undefined;
    const ids = [...new Set(found.map(({ id }) => id))];
    const known = await retrying(() => nameUploads(this.database.pool, tenantId, ids));
    const mode = (await this.queues.require([queue])).get(queue)?.mode;
    const sealed = new Map<string, string>();
    for (const id of ids) {
      const reference = found.find((each) => each.id === id)!;
      const upload = known.get(id);
      if (!upload) throw refused('not_found', { reference, path }, `there is no upload ${id}`);
      if (mode === 'event' && (upload.inPostgres || !this.objects))
        throw refused(
          'needs_objects',
          { reference, path },
          `queue "${queue}" is in event mode, and its workers read uploads from S3 alone (S3_ENDPOINT)`,
        );
      sealed.set(
        id,
        textOf(upload.seal ? upload : await this.sealOne(tenantId, upload, { reference, path })),
      );
    }
    return { payload: replaceReferences(payload, found, (id) => sealed.get(id)!), uploads: ids };
  }

  private async sealOne(tenantId: string, { id, inPostgres }: UploadRow, where: Where): Promise<UploadRow> {
    const seal = uuidv7();
    const what = inPostgres ? {} : await this.copy({ tenantId, id, seal }, where);
    const row = await retrying(() => sealUpload(this.database.pool, { id, seal, ...what }));
    if (!row) throw refused('not_found', where, `there is no upload ${id} any more`);
    return row;
  }

  /** What is hashed is the copy: the client may put something else into its place at any time. */
  private async copy(upload: { tenantId: string; id: string; seal: string }, where: Where) {
    const notPut = `nothing was put into upload ${upload.id} yet; PUT the bytes to its url first`;
    if (!this.objects) throw refused('state_conflict', where, notPut);
    const copy = sealedKey(upload);
    if (!(await this.objects.copy(uploadKey(upload), copy))) throw refused('state_conflict', where, notPut);
    const opened = await this.objects.open(copy);
    if (!opened) throw refused('state_conflict', where, notPut);
    if (opened.size > limits.uploadBytes) {
      opened.body.destroy();
      const message = `upload ${upload.id} has ${opened.size} bytes; allowed: ${limits.uploadBytes}`;
      throw refused('payload_too_large', where, message);
    }
    return hashOf(opened.body, limits.uploadBytes);
  }
}

interface Where {
  reference: FoundReference;
  path: string;
}

const at = (path: string, below: string): string => (below === '' ? path : `${path}.${below}`);

function textOf({ id, seal, size, sha256, inPostgres }: UploadRow): string {
  return JSON.stringify({ $upload: id, seal, place: inPostgres ? 'postgresql' : 's3', size, sha256 });
}

function invalid(path: string, message: string): BatonError {
  return new BatonError('invalid_request', `${path}: ${message}`, { errors: [{ path, message }] });
}

function refused(
  code: 'not_found' | 'state_conflict' | 'payload_too_large' | 'needs_objects',
  { reference, path }: Where,
  message: string,
): BatonError {
  const where = at(path, reference.path);
  return new BatonError(code, `${where}: ${message}`, { errors: [{ path: where, message }] });
}
