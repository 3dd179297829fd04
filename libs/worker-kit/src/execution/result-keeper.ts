import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatonError, limits } from '@baton/contracts';
import { collect, resultKey, type ObjectStore, type StoredObject } from '@baton/objects';
import { FileResult } from '../handler/file-result.js';
import type { ExecutionView } from '../handler/job-context.js';
import { encodeResult, fileOf } from './encode-result.js';
import type { ExecutionResult } from './outcome.js';

/** Makes of what a handler returned what is told of it. */
export type KeepResult = (value: unknown, execution: ExecutionView) => Promise<ExecutionResult>;

export interface ResultKeeperOptions {
  /** S3, where there is one. */
  objects?: ObjectStore | undefined;
  /** Files up to so many bytes go with the outcome; default: 512 KiB where there is S3, else 8 MiB. */
  inlineBytes?: number;
  /** How long an S3 that is away is waited for, with the result at hand; default 60 s. */
  patienceMs?: number;
}

const retryMs = { first: 250, last: 5_000 };

/**
 * Keeps what handlers return: JSON and small files go with the outcome; large ones straight to S3, under the name of
 * their execution, which no other can overwrite. An S3 that is away is waited for while the attempt lasts, so that the work
 * need not be done again; what was a stream has been read, and fails the attempt.
 */
export class ResultKeeper {
  private readonly inlineBytes: number;

  constructor(private readonly options: ResultKeeperOptions) {
    const { objects, inlineBytes = objects ? limits.inlineFileBytes : limits.postgresFileBytes } = options;
    this.inlineBytes = inlineBytes;
  }

  /** Of a worker whose outcomes ride on Kafka: a record has room for a small file, with S3 or without. */
  static overKafka(objects: ObjectStore | undefined): ResultKeeper {
    return new ResultKeeper({ objects, inlineBytes: limits.inlineFileBytes });
  }

  /** @throws BatonError `result_not_storable`, `needs_objects`, `unavailable`; what the execution was aborted with */
  async keep(value: unknown, execution: ExecutionView): Promise<ExecutionResult> {
    if (!(value instanceof FileResult)) return this.place(encodeResult(value), execution);
    const { content, mediaType, name } = value;
    if (Buffer.isBuffer(content)) return this.place(fileOf(content, value), execution);
    if (!this.options.objects) return fileOf(await this.collect(content, name), value);
    return { kind: 'file', mediaType, name, ...(await this.upload(content, mediaType, execution)) };
  }

  /** What goes with the outcome stays as it is; a large file goes to S3. Throws as `keep` does. */
  async place(result: ExecutionResult, execution: ExecutionView): Promise<ExecutionResult> {
    if (result.kind !== 'file' || !result.bytes || result.size <= this.inlineBytes) return result;
    const { bytes, ...file } = result;
    return { ...file, ...(await this.upload(bytes, file.mediaType, execution)) };
  }

  private async upload(
    content: Buffer | Readable,
    mediaType: string,
    execution: ExecutionView,
  ): Promise<StoredObject & { key: string }> {
    const { objects, patienceMs = 60_000 } = this.options;
    if (!objects) throw needsObjects(`the result has ${(content as Buffer).length} bytes`, this.inlineBytes);
    const { signal } = execution;
    const key = resultKey(execution.delivery);
    const giveUpAt = performance.now() + patienceMs;
    for (let pauseMs = retryMs.first; ; pauseMs = Math.min(2 * pauseMs, retryMs.last)) {
      try {
        return { key, ...(await objects.put(key, content, { mediaType, signal, most: limits.fileBytes })) };
      } catch (error) {
        const again = BatonError.is(error) && error.code === 'unavailable' && Buffer.isBuffer(content);
        if (!again || performance.now() + pauseMs > giveUpAt) throw storable(error);
      }
      await sleep(pauseMs, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  private async collect(stream: Readable, name: string): Promise<Buffer> {
    try {
      return await collect(stream, this.inlineBytes);
    } catch (error) {
      if (!BatonError.is(error)) throw error;
      throw needsObjects(`the file "${name}" has more than ${this.inlineBytes} bytes`, this.inlineBytes);
    }
  }
}

function needsObjects(what: string, most: number): BatonError {
  return new BatonError(
    'needs_objects',
    `${what}; without S3 (S3_ENDPOINT) this worker may hand over at most ${most}`,
  );
}

/** No attempt's file may be larger than any may be. */
function storable(error: unknown): unknown {
  if (!BatonError.is(error) || error.code !== 'payload_too_large') return error;
  return new BatonError('result_not_storable', error.message, { cause: error });
}
