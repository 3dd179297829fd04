interface LogMethod {
  (message: string): void;
  (fields: object, message: string): void;
}

/** What the kit needs of a logger; pino's has this shape. */
export interface Log {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
  child(fields: Record<string, unknown>): Log;
}
