import { BatonError } from '@baton/contracts';

/** A record of the outcomes topic that says nothing we understand. */
export class UndecodableError extends BatonError {
  constructor(why: string, options: { cause?: unknown } = {}) {
    super('undecodable', why, options);
  }
}
