import { errorCodes, type ErrorCode } from './error-codes.js';

/** A field at fault: its path in the request (`jobs.3.payload`) and what is wrong with it. */
export interface FieldError {
  path: string;
  message: string;
}

export interface BatonErrorOptions {
  cause?: unknown;
  /** Overrides the code's own word on whether a repetition may help. */
  retryable?: boolean;
  /** Seconds after which to come again; answered as `Retry-After`. */
  retryAfterSeconds?: number;
  errors?: readonly FieldError[];
}

const brand = Symbol.for('baton.error');

/** The one base of Baton's errors. `message` says what was wrong, with what value, and what is allowed. */
export class BatonError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly retryAfterSeconds: number | undefined;
  readonly errors: readonly FieldError[] | undefined;
  /** Two copies of this module (test realms, mixed builds) break `instanceof`; the brand does not. */
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, options: BatonErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.retryable = options.retryable ?? errorCodes[code].retryable;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.errors = options.errors;
  }

  get status(): number {
    return errorCodes[this.code].status;
  }

  static is(value: unknown): value is BatonError {
    return typeof value === 'object' && value !== null && brand in value;
  }
}
