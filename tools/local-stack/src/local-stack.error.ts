import { BatonError } from '@baton/contracts';
import type { ServiceName } from './stack/service-name.js';

/** A wrong setting, option or argument; the message names it, its value and what is allowed. */
export class LocalStackConfigError extends BatonError {
  constructor(message: string) {
    super('invalid_request', message);
  }
}

/** Another live process runs a stack in the same folder. */
export class StackRunningError extends BatonError {
  constructor(
    readonly directory: string,
    readonly pid: number,
  ) {
    super(
      'state_conflict',
      `A local stack already runs in ${directory}, started by process ${pid}. Use it, or end it first with Ctrl-C there or: kill ${pid}`,
    );
  }
}

/** This machine cannot run a server because something is missing; the stack goes on without it where it can. */
export class ServiceUnavailableError extends BatonError {
  constructor(
    readonly service: ServiceName,
    readonly why: string,
    readonly whatToDo: string,
    options: { cause?: unknown } = {},
  ) {
    super('unavailable', `${service} cannot run here: ${why} ${whatToDo}`, { ...options, retryable: false });
  }
}

/** A server or a tool was started and failed; the message carries its last words and where the rest is. */
export class ProcessFailedError extends BatonError {
  constructor(message: string, options: { cause?: unknown } = {}) {
    super('unavailable', message, { ...options, retryable: false });
  }
}
