import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, type DestinationStream, type Logger } from 'pino';

import type { LogLevel } from '../config/baton.fields.js';

export interface LoggerOptions {
  service: string;
  level: LogLevel;
  /** For people at a terminal instead of for machines. */
  pretty?: boolean;
  destination?: DestinationStream;
}

/** A line of JSON an event, with the active span's `trace_id` and `span_id`. Written synchronously: none is lost. */
export async function createLogger({ service, level, pretty, destination }: LoggerOptions): Promise<Logger> {
  return pino(
    {
      level,
      base: { service, pid: process.pid },
      messageKey: 'msg',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: pino.stdSerializers.errWithCause },
      mixin: traceFields,
    },
    destination ?? (pretty ? await prettyStream() : pino.destination({ dest: 1, sync: true })),
  );
}

function traceFields(): Record<string, string> {
  const context = trace.getActiveSpan()?.spanContext();
  return context && isSpanContextValid(context) ? { trace_id: context.traceId, span_id: context.spanId } : {};
}

/** Loaded only where wanted: production has no use for it. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({ sync: true, colorize: process.stdout.isTTY, ignore: 'pid,service,trace_id,span_id' });
}
