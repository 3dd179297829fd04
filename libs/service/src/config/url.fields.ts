import { parsed, variable, type Field } from './field.js';

/** A PostgreSQL URL. TLS goes in its query: `?sslmode=verify-full&sslrootcert=/path/ca.pem`. */
export function databaseUrl(name = 'DATABASE_URL'): Field<string> {
  return url(name, ['postgres:', 'postgresql:'], 'postgres://user:password@host:5432/database');
}

/** A Redis URL; `rediss://` means TLS. */
export function redisUrl(name = 'REDIS_URL'): Field<string> {
  return url(name, ['redis:', 'rediss:'], 'redis://:password@host:6379 or rediss://… for TLS');
}

/** Origins of web pages that may call the API: `https://app.example.com,http://localhost:3002`. */
export function allowedOrigins(name = 'ALLOWED_ORIGINS'): Field<readonly string[]> {
  return variable(
    name,
    parsed((text) => listOf(text).map(origin)),
    {
      allowed: 'origins separated by commas, such as https://app.example.com,http://localhost:3002',
    },
  );
}

/** The parts of a list separated by commas, trimmed, without empty ones. */
export function listOf(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function url(name: string, protocols: readonly string[], example: string): Field<string> {
  return variable(
    name,
    parsed((text) => {
      const parsedUrl = URL.parse(text);
      return parsedUrl && parsedUrl.hostname && protocols.includes(parsedUrl.protocol) ? text : undefined;
    }),
    { allowed: `a URL such as ${example}`, secret: 'url' },
  );
}

function origin(part: string): string {
  const parsedUrl = URL.parse(part);
  if (
    !parsedUrl ||
    !/^https?:$/.test(parsedUrl.protocol) ||
    parsedUrl.origin !== part.replace(/\/$/, '').toLowerCase()
  ) {
    throw new Error(`has "${part}", which is no origin`);
  }
  return parsedUrl.origin;
}
