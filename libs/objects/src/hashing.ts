import { createHash } from 'node:crypto';
import { pipeline, type Readable, Transform } from 'node:stream';
import { BatonError } from '@baton/contracts';
import type { StoredObject } from './object-store.js';

/** Hashes and counts what passes through, and lets no more through than `most` bytes. */
export class HashingStream extends Transform {
  private readonly hash = createHash('sha256');
  private counted = 0;

  constructor(private readonly most = Infinity) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: string, done: (error?: Error, chunk?: Buffer) => void): void {
    this.counted += chunk.length;
    if (this.counted > this.most) return done(tooLarge(this.most));
    this.hash.update(chunk);
    done(undefined, chunk);
  }

  /** Of all that has passed; to be called once, at the end. */
  seen(): StoredObject {
    return { size: this.counted, sha256: this.hash.digest('hex') };
  }
}

/** Reads a stream into memory. @throws BatonError `payload_too_large` when it has more than `most` bytes */
export async function collect(stream: Readable, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer | string>) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    size += bytes.length;
    if (size > most) {
      stream.destroy();
      throw tooLarge(most);
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, size);
}

/** The stream, which fails at its end when its bytes are not those of the hash. @param sha256 hex */
export function verified(stream: Readable, sha256: string): Readable {
  const hash = createHash('sha256');
  const checked = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(undefined, chunk);
    },
    flush(done) {
      const found = hash.digest('hex');
      done(found === sha256 ? undefined : new Error(`the bytes have the hash ${found}, not ${sha256}`));
    },
  });
  return pipeline(stream, checked, () => undefined); // whoever reads it hears of its faults
}

/** Hashes a stream to its end. @throws BatonError `payload_too_large` when it has more than `most` bytes */
export async function hashOf(stream: Readable, most: number): Promise<StoredObject> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > most) {
      stream.destroy();
      throw tooLarge(most);
    }
    hash.update(chunk);
  }
  return { size, sha256: hash.digest('hex') };
}

function tooLarge(most: number): BatonError {
  return new BatonError('payload_too_large', `the file has more than the ${most} bytes that are allowed`);
}
