import type { Readable } from 'node:stream';

/** What is known of an object once it is stored. */
export interface StoredObject {
  /** Bytes. */
  size: number;
  /** Of its bytes, hex. */
  sha256: string;
}

export interface PutOptions {
  mediaType: string;
  /** Ends the upload; nothing of it is left. */
  signal?: AbortSignal | undefined;
  /** Bytes; a stream that has more is refused. */
  most?: number | undefined;
}

export interface OpenObject {
  body: Readable;
  /** Bytes. */
  size: number;
}

/** One page of names, in their order. */
export interface ObjectPage {
  keys: string[];
  /** Where the next page begins; undefined: this was the last. */
  next: string | undefined;
}

/** How a signed link is answered: as an attachment of this name and type. */
export interface LinkedFile {
  mediaType: string;
  name: string;
  /** How long the link is good for, seconds. */
  validSeconds: number;
}

/**
 * Files and large payloads, by key. What is written under a key is whole at once or not there. Every method rejects with a
 * BatonError `unavailable` while the store is away, and is worth repeating then.
 */
export interface ObjectStore {
  /**
   * Stores bytes, or what a stream gives, which is read once and hashed on its way.
   * @throws BatonError `payload_too_large` when there is more than `most`; what the signal was aborted with
   */
  put(key: string, body: Uint8Array | Readable, options: PutOptions): Promise<StoredObject>;
  /** @returns undefined when there is no such object */
  open(key: string, options?: { signal?: AbortSignal | undefined }): Promise<OpenObject | undefined>;
  /** @returns its size in bytes; undefined when there is no such object */
  size(key: string): Promise<number | undefined>;
  /** Within the store. @returns false when there is no such object */
  copy(from: string, to: string): Promise<boolean>;
  /** What is not there is no fault. */
  remove(keys: readonly string[]): Promise<void>;
  /** @param options.after where the page begins, as the one before said */
  list(prefix: string, options: { after?: string | undefined; most: number }): Promise<ObjectPage>;
  /** A URL by which anyone may read the object for a while. */
  linkTo(key: string, file: LinkedFile): Promise<string>;
  /** A URL that takes an object by `PUT` for a while. */
  linkForPut(key: string, validSeconds: number): Promise<string>;
  close(): void;
}
