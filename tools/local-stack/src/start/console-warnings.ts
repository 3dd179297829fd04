/** Pino's number for `warn`; above it are `error` and `fatal`. */
const warn = 40;
const words: Record<number, string> = { 40: 'warn', 50: 'error', 60: 'fatal' };

interface LogLine {
  level: number;
  msg?: string;
  err?: { message?: string };
}

/** What of a service's log line belongs on the console: warnings and worse, and what is no log line at all (a crash). */
export function consoleWarning(service: string, line: string): string | undefined {
  const entry = parse(line);
  if (!entry) return line.trim() ? `${service}: ${line}` : undefined;
  if (entry.level < warn) return undefined;
  const message = [entry.msg, entry.err?.message]
    .filter((part, i, all) => part && all.indexOf(part) === i)
    .join(': ');
  return `${service} ${words[entry.level] ?? entry.level}: ${message}`;
}

function parse(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Partial<LogLine>;
    return typeof value.level === 'number' ? (value as LogLine) : undefined;
  } catch {
    return undefined; // looks like JSON and is none: shown as it is
  }
}
