import { BatonError } from '@baton/contracts';

/** Handlers cannot be served as they are declared: found when the process starts, and mended in the code only. */
export class HandlerSetupError extends BatonError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('internal', message, { ...options, retryable: false });
  }
}
