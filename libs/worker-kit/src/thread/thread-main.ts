import { parentPort, workerData, type MessagePort } from 'node:worker_threads';
import { context, trace } from '@opentelemetry/api';
import { NestFactory } from '@nestjs/core';
import { judge } from '../execution/judge.js';
import { ControlFlow } from '../handler/control-flow.js';
import { callHandler } from '../execution/call-handler.js';
import { ResultKeeper } from '../execution/result-keeper.js';
import { exportedHandlers } from '../handler/exported-handlers.js';
import { JobServer } from '../handler/job-server.js';
import { RethrowFilter } from '../handler/rethrow.filter.js';
import type { ServedHandler, ServedHandlers } from '../handler/served-handlers.js';
import { ThreadExecution } from './thread-context.js';
import { threadLog } from './thread-log.js';
import type { FromThread, ThreadData, ToThread } from './thread-messages.js';

/** What a handler returns goes to the main thread whole, which puts it in its place. */
const inMemory = new ResultKeeper({ inlineBytes: 256 * 1024 * 1024 });

/** Nest's transport strategy inside a thread: the handler with its whole pipeline, and no source of jobs. */
class ThreadServer extends JobServer {
  private handlers: ServedHandlers | undefined;

  constructor() {
    super({ threads: 'none' });
  }

  handlerOf(queue: string): ServedHandler {
    const handler = this.handlers?.get(queue);
    if (!handler) throw new TypeError(`the module exports no handler of queue "${queue}"`);
    return handler;
  }

  protected override async stop(): Promise<void> {}

  protected override async start(handlers: ServedHandlers): Promise<void> {
    this.handlers = handlers;
  }
}

async function serve(port: MessagePort, { module, queue }: ThreadData): Promise<void> {
  const tell = (message: FromThread): void => port.postMessage(message);
  const handler = await load(module, queue).catch((error: unknown) => {
    tell({ say: 'unusable', why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    return undefined;
  });
  if (!handler) return;
  let current: ThreadExecution | undefined;
  port.on('message', (message: ToThread) => {
    if (message.say === 'run') {
      current = new ThreadExecution(message.delivery, message.deadlineMs, port);
      const span = trace.wrapSpanContext({ ...message.context, isRemote: true });
      const within = trace.setSpan(context.active(), span);
      void context.with(within, () => run(handler, current!, tell));
    } else current?.hear(message);
  });
  tell({ say: 'ready' });
}

async function load(module: string, queue: string): Promise<ServedHandler> {
  const exported = exportedHandlers((await import(module)) as Record<string, unknown>);
  const strategy = new ThreadServer();
  const root = { module: class ThreadModule {}, ...exported };
  const app = await NestFactory.createMicroservice(root, { strategy, logger: false, abortOnError: false });
  app.useGlobalFilters(new RethrowFilter());
  await app.listen();
  return strategy.handlerOf(queue);
}

async function run(
  handler: ServedHandler,
  execution: ThreadExecution,
  tell: (message: FromThread) => void,
): Promise<void> {
  const end = await callHandler(execution, handler, {
    log: threadLog(tell),
    keep: (value, of) => inMemory.keep(value, of),
  });
  const outcome = judge(end, undefined) ?? { kind: 'released' };
  tell({
    say: 'ended',
    outcome,
    chosen: end.how === 'returned' || (end.how === 'threw' && ControlFlow.is(end.error)),
  });
}

if (parentPort) await serve(parentPort, workerData as ThreadData);
