/** The levels that a person should see; services write them as words. */
const shown = ['warn', 'error', 'fatal'];

interface LogLine {
  level: string;
  msg?: string;
  err?: { message?: string };
}

/** What of a service's log line belongs on the console: warnings and worse, and what is no log line at all (a crash). */
export function consoleWarning(service: string, line: string): string | undefined {
  const entry = parse(line);
  if (!entry) return line.trim() ? `${service}: ${line}` : undefined;
  if (!shown.includes(entry.level)) return undefined;
  const message = [entry.msg, entry.err?.message]
    .filter((part, i, all) => part && all.indexOf(part) === i)
    .join(': ');
  return `${service} ${entry.level}: ${message}`;
}

function parse(line: string): LogLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value = JSON.parse(line) as Partial<LogLine>;
    return typeof value.level === 'string' ? (value as LogLine) : undefined;
  } catch {
    return undefined; // looks like JSON and is none: shown as it is
  }
}
