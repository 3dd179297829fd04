import { BatonError } from '@baton/contracts';
import { attachment, type ObjectStore } from '@baton/objects';
import {
  type Database,
  faultKind,
  type JobFile,
  readFilePlace,
  type TerminalOutcome,
} from '@baton/persistence';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type FileLinks, linkMs } from './file-links.js';

/** A file as a result shows it. */
export interface ShownFile {
  url: string;
  mediaType: string;
  name: string;
  size: number;
  sha256: string;
  expiresAt: string;
}

/**
 * Gives out the files of results, wherever they are: hot, in PostgreSQL or in S3. Where one lies is looked up when it is
 * sent, so that one which is moved meanwhile is found where it went.
 */
export class ResultFiles {
  constructor(
    private readonly database: Database,
    private readonly links: FileLinks,
    private readonly objects: ObjectStore | undefined,
  ) {}

  /** With a signed, short-lived link: S3's own where the file lies there. */
  async show(
    { jobId, untilMs }: TerminalOutcome,
    file: JobFile,
    request: FastifyRequest,
  ): Promise<ShownFile> {
    const { mediaType, name, size, sha256, key } = file;
    const now = Date.now();
    const shown = { mediaType, name, size, sha256 };
    if (key === undefined) {
      const { path, expiresAtMs } = this.links.make(jobId, now);
      const url = `${request.protocol}://${request.host}${path}`;
      return { url, ...shown, expiresAt: new Date(expiresAtMs).toISOString() };
    }
    const validMs = Math.min(linkMs, Math.max(1_000, (untilMs ?? Infinity) - now));
    const validSeconds = Math.floor(validMs / 1_000);
    const url = await this.store().linkTo(key, { mediaType, name, validSeconds });
    return { url, ...shown, expiresAt: new Date(now + validSeconds * 1_000).toISOString() };
  }

  /** Answers the bytes. @throws BatonError `result_expired`, `unavailable` */
  async send(jobId: string, file: JobFile, reply: FastifyReply): Promise<void> {
    const { mediaType, name, size } = file;
    const body = file.bytes ?? (await this.read(jobId));
    void reply
      .header('content-type', mediaType)
      .header('content-length', size)
      .header('content-disposition', attachment(name))
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', 'private, no-store')
      .send(body);
  }

  private async read(jobId: string) {
    const place = await this.place(jobId);
    if (place?.bytes) return place.bytes;
    const object = place?.key ? await this.store().open(place.key) : undefined;
    if (!object) throw new BatonError('result_expired', `the file of job ${jobId} is not kept any more`);
    return object.body;
  }

  private async place(jobId: string) {
    try {
      return await readFilePlace(this.database.pool, jobId);
    } catch (error) {
      if (faultKind(error) !== 'passing') throw error;
      throw new BatonError('unavailable', 'PostgreSQL is not reachable', {
        cause: error,
        retryAfterSeconds: 1,
      });
    }
  }

  private store(): ObjectStore {
    if (this.objects) return this.objects;
    throw new BatonError(
      'unavailable',
      'the file lies in S3, and this gateway is not told where that is (S3_ENDPOINT)',
    );
  }
}
