import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { BatonError } from '@baton/contracts';
import { attachment } from '../attachment.js';
import { HashingStream } from '../hashing.js';
import type {
  LinkedFile,
  ObjectPage,
  ObjectStore,
  OpenObject,
  PutOptions,
  StoredObject,
} from '../object-store.js';
import { faultOf, isMissing } from './s3-fault.js';

const removalsAtOnce = 8;
/** Parts of a stream that are under way at once, each of 8 MiB. */
const partsAtOnce = 2;
const partBytes = 8 * 1024 * 1024;

export interface S3Options {
  client: S3Client;
  /** Signs links, and sends nothing. */
  linkClient: S3Client;
  bucket: string;
  prefix: string;
}

/** An {@link ObjectStore} over the AWS SDK; the only file that speaks its commands. */
export class S3ObjectStore implements ObjectStore {
  private readonly client: S3Client;

  constructor(private readonly options: S3Options) {
    this.client = options.client;
  }

  async put(key: string, body: Uint8Array | Readable, options: PutOptions): Promise<StoredObject> {
    const { signal, most = Infinity } = options;
    try {
      if (body instanceof Readable) return await this.putStream(key, body, options);
      if (body.length > most)
        throw new BatonError('payload_too_large', `${body.length} bytes are more than the allowed ${most}`);
      const command = new PutObjectCommand({ ...this.at(key), Body: body, ContentType: options.mediaType });
      await this.client.send(command, { ...(signal && { abortSignal: signal }) });
      return { size: body.length, sha256: createHash('sha256').update(body).digest('hex') };
    } catch (error) {
      throw faultOf(error, 'the file could not be stored', signal);
    }
  }

  async open(
    key: string,
    { signal }: { signal?: AbortSignal | undefined } = {},
  ): Promise<OpenObject | undefined> {
    try {
      const command = new GetObjectCommand(this.at(key));
      const { Body, ContentLength } = await this.client.send(command, {
        ...(signal && { abortSignal: signal }),
      });
      return { body: Body as Readable, size: ContentLength ?? 0 };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw faultOf(error, 'the file could not be read', signal);
    }
  }

  async size(key: string): Promise<number | undefined> {
    try {
      const { ContentLength } = await this.client.send(new HeadObjectCommand(this.at(key)));
      return ContentLength ?? 0;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw faultOf(error, 'the file could not be looked up');
    }
  }

  async copy(from: string, to: string): Promise<boolean> {
    const { Bucket, Key } = this.at(from);
    const source = `${Bucket}/${Key.split('/').map(encodeURIComponent).join('/')}`;
    try {
      await this.client.send(new CopyObjectCommand({ ...this.at(to), CopySource: source }));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw faultOf(error, 'the file could not be copied');
    }
  }

  /** One by one: the request that names several demands a checksum that only AWS takes. */
  async remove(keys: readonly string[]): Promise<void> {
    for (let at = 0; at < keys.length; at += removalsAtOnce)
      await Promise.all(keys.slice(at, at + removalsAtOnce).map((key) => this.removeOne(key)));
  }

  private async removeOne(key: string): Promise<void> {
    try {
      await this.client.send(new DeleteObjectCommand(this.at(key)));
    } catch (error) {
      if (!isMissing(error)) throw faultOf(error, 'the file could not be removed');
    }
  }

  async list(
    prefix: string,
    { after, most }: { after?: string | undefined; most: number },
  ): Promise<ObjectPage> {
    const { bucket: Bucket, prefix: own } = this.options;
    const command = new ListObjectsV2Command({
      Bucket,
      Prefix: own + prefix,
      MaxKeys: most,
      ...(after !== undefined && { StartAfter: own + after }),
    });
    try {
      const { Contents = [], IsTruncated } = await this.client.send(command);
      const keys = Contents.map(({ Key }) => Key!.slice(own.length));
      return { keys, next: IsTruncated ? keys.at(-1) : undefined };
    } catch (error) {
      throw faultOf(error, 'files could not be listed');
    }
  }

  linkTo(key: string, { mediaType, name, validSeconds }: LinkedFile): Promise<string> {
    const command = new GetObjectCommand({
      ...this.at(key),
      ResponseContentType: mediaType,
      ResponseContentDisposition: attachment(name),
    });
    return getSignedUrl(this.options.linkClient, command, { expiresIn: validSeconds });
  }

  linkForPut(key: string, validSeconds: number): Promise<string> {
    const command = new PutObjectCommand(this.at(key));
    return getSignedUrl(this.options.linkClient, command, { expiresIn: validSeconds });
  }

  close(): void {
    this.client.destroy();
    this.options.linkClient.destroy();
  }

  /** In parts, so that its length need not be known; what is broken off leaves nothing. */
  private async putStream(key: string, body: Readable, options: PutOptions): Promise<StoredObject> {
    const { mediaType, signal, most } = options;
    const hashed = new HashingStream(most);
    const upload = new Upload({
      client: this.client,
      params: { ...this.at(key), Body: hashed, ContentType: mediaType },
      queueSize: partsAtOnce,
      partSize: partBytes,
    });
    const abort = (): void => {
      void upload.abort();
      body.destroy();
      hashed.destroy(signal?.reason as Error);
    };
    if (signal?.aborted) throw signal.reason as Error;
    signal?.addEventListener('abort', abort, { once: true });
    body.on('error', (error) => hashed.destroy(error));
    try {
      body.pipe(hashed);
      await upload.done();
      return hashed.seen();
    } finally {
      signal?.removeEventListener('abort', abort);
      body.destroy();
    }
  }

  private at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.options.bucket, Key: this.options.prefix + key };
  }
}
