import type { MessageHandler } from '@nestjs/microservices';
import type { ThreadPool } from '../thread/thread-pool.js';
import type { HandlerDeclaration } from './handler-declaration.js';

/** One handler with Nest's pipeline around it. */
export interface ServedHandler extends HandlerDeclaration {
  readonly handle: MessageHandler;
  /** Where it runs instead, if its declaration names a module. */
  readonly threads?: ThreadPool | undefined;
}

/** The handlers of this process by queue; never empty, never changing once the server listens. */
export type ServedHandlers = ReadonlyMap<string, ServedHandler>;
