import type { LoggerService } from '@nestjs/common';
import type { Logger } from 'pino';

type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Told at every boot, a line a module and a route: worth it only to who debugs. */
const chatty = new Set([
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestFactory',
  'NestApplication',
  'NestMicroservice',
]);
/** A boot's failure, which `runService` words itself. */
const failedBoot = new Set(['ExceptionHandler', 'NestApplication']);

/** Nest's logger on pino. Nest passes the context, and for errors the stack before it, as trailing strings. */
export class NestLogger implements LoggerService {
  constructor(private readonly logger: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(chatty.has(contextOf(rest) ?? '') ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write(failedBoot.has(contextOf(rest) ?? '') ? 'debug' : 'error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(level: Level, message: unknown, rest: unknown[]): void {
    const context = contextOf(rest);
    const others = (context === undefined ? rest : rest.slice(0, -1)).filter((value) => value !== undefined);
    const err = [message, ...others].find((value) => value instanceof Error);
    const stack = err
      ? undefined
      : others.find((value) => typeof value === 'string' && value.includes('\n    at '));
    const details = others.filter((value) => value !== err && value !== stack);
    const fields = {
      ...(context && { context }),
      ...(err && { err }),
      ...(stack !== undefined && { stack }),
    };
    const text =
      message instanceof Error
        ? message.message
        : typeof message === 'string'
          ? message
          : JSON.stringify(message);
    this.logger[level](details.length > 0 ? { ...fields, details } : fields, text);
  }
}

function contextOf(rest: readonly unknown[]): string | undefined {
  const last = rest.at(-1);
  return typeof last === 'string' ? last : undefined;
}
