import type { PayloadOf, ResultOf } from '@baton/contracts';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { PARAM_ARGS_METADATA } from '@nestjs/microservices/constants.js';
import type { FileResult } from './file-result.js';
import { declareHandler, type HandlerDeclaration, type JobHandlerOptions } from './handler-declaration.js';
import { HandlerSetupError } from './handler-setup.error.js';
import type { JobContext } from './job-context.js';
import { CheckedPayload } from './payload-schema.js';

/** Nest gives a method to the server of its transport; both strategies of this kit are of this one. */
export const jobTransport = Symbol.for('baton.jobs');

/** Where the declaration lies among the extras of a message pattern. */
export const declarationKey = 'batonJob';

/** What a handler of a queue in `JobTypes` must look like; any method fits a queue that is not there. */
type HandlerMethod<Queue extends string> = (
  payload: PayloadOf<Queue>,
  context: JobContext,
  ...rest: never[]
) => ResultOf<Queue> | FileResult | Promise<ResultOf<Queue> | FileResult>;

type Handles<Queue extends string> =
  unknown extends PayloadOf<Queue> ? (...args: never[]) => unknown : HandlerMethod<Queue>;

/**
 * Makes a method of a Nest controller the handler of a queue's jobs. It is called with the payload and the
 * {@link JobContext}, in this order, or as its own `@Payload()` and `@Ctx()` say. Guards, pipes, interceptors and
 * filters apply as to any message handler. What it returns is the job's result: JSON, or a file by `context.file`.
 * @throws HandlerSetupError when the queue's name or an option is not allowed
 */
export function JobHandler<Queue extends string>(queue: Queue, options: JobHandlerOptions = {}) {
  return <Method extends Handles<Queue>>(
    target: object,
    key: string,
    descriptor: TypedPropertyDescriptor<Method>,
  ): void => {
    const declaration: HandlerDeclaration = declareHandler(
      queue,
      `${target.constructor.name}.${key}`,
      options,
    );
    if (!Reflect.hasMetadata(PARAM_ARGS_METADATA, target.constructor, key)) {
      (options.payload ? CheckedPayload(options.payload) : Payload())(target, key, 0);
      Ctx()(target, key, 1);
    } else if (options.payload) {
      throw new HandlerSetupError(
        `${declaration.name} has a payload schema and decorated parameters; give the schema to its @Payload()`,
      );
    }
    MessagePattern(queue, jobTransport, { [declarationKey]: declaration })(target, key, descriptor);
  };
}
