import { BatonError } from '@baton/contracts';

/** The bench cannot go on: a process ended, did not answer in time, or gave back what it must not. */
export class BenchError extends BatonError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('internal', message, options);
  }
}

/** The command line asks for what there is not; the message says what there is. */
export class BenchArgumentError extends BatonError {
  constructor(message: string) {
    super('invalid_request', message);
  }
}
