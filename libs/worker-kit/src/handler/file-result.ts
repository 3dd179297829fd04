import { Readable } from 'node:stream';
import { BatonError } from '@baton/contracts';

export interface FileOptions {
  /** Such as `image/png`. */
  mediaType: string;
  /** What a browser saves it as: 1 to 255 characters, none of them a control character or a slash. */
  name: string;
}

const mediaType = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}(;[ -~]{1,127})?$/i;
// eslint-disable-next-line no-control-regex -- control characters are what it looks for
const badInName = /[\u0000-\u001f\u007f/\\]/;

/** A file as a job's result; made by `context.file`. */
export class FileResult {
  private constructor(
    readonly content: Buffer | Readable,
    readonly mediaType: string,
    readonly name: string,
  ) {}

  /** @throws BatonError `result_not_storable` when its type or name cannot be kept */
  static of(content: Uint8Array | Readable, options: FileOptions): FileResult {
    if (!mediaType.test(options.mediaType)) {
      throw refused(
        `the file's media type is "${options.mediaType}"; allowed: type/subtype, such as image/png`,
      );
    }
    if (options.name.length < 1 || options.name.length > 255 || badInName.test(options.name)) {
      throw refused(
        `the file's name is ${JSON.stringify(options.name)}; allowed: 1 to 255 characters without control characters or slashes`,
      );
    }
    const { mediaType: type, name } = options;
    if (content instanceof Readable) return new FileResult(content, type, name);
    const { buffer, byteOffset, byteLength } = content;
    return new FileResult(Buffer.from(buffer, byteOffset, byteLength), type, name);
  }

  /** Only a whole result can be a file. @throws BatonError `result_not_storable` */
  toJSON(): never {
    throw refused(`the file "${this.name}" is a part of a result; return the file alone`);
  }
}

function refused(message: string): BatonError {
  return new BatonError('result_not_storable', message);
}
