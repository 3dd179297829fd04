import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { UsageError } from '../cli.error.js';
import type { GlobalOptions } from '../command-parts.js';
import type { Terminal } from '../terminal.js';

/** Which Baton a command talks to, each part with where it was found. */
export interface Connection {
  url: string;
  gatewayUrl: string;
  apiKey: string;
}

const variables = { url: 'BATON_URL', gatewayUrl: 'BATON_GATEWAY_URL', apiKey: 'BATON_API_KEY' } as const;
const words = { url: '--url', gatewayUrl: '--gateway', apiKey: '--key' } as const;
const localFile = path.join('.baton', 'local.json');

/**
 * Finds, one by one: the option, the environment, the local stack's `.baton/local.json` in this folder or one above.
 * What the command does not need may be missing.
 * @throws UsageError which part is missing or wrong, and where it may be given
 */
export function findConnection<Part extends keyof Connection>(
  options: GlobalOptions,
  { env, cwd }: Pick<Terminal, 'env' | 'cwd'>,
  parts: readonly Part[],
): Pick<Connection, Part> {
  const given = { url: options.url, gatewayUrl: options.gateway, apiKey: options.key };
  let local: Partial<Connection> | undefined;
  const found = parts.map((part) => {
    const direct = given[part] ?? nonEmpty(env[variables[part]]);
    const value = direct ?? (local ??= readLocal(cwd))[part];
    if (value === undefined)
      throw new UsageError(
        `${words[part]} is not given, ${variables[part]} is not set, and no ${localFile} stands in ${cwd} or above; ` +
          'give one of them, or start the local stack by `npm start`',
      );
    return [part, part === 'apiKey' ? value : checkedUrl(value, part)] as const;
  });
  return Object.fromEntries(found) as Pick<Connection, Part>;
}

function checkedUrl(value: string, part: 'url' | 'gatewayUrl' | 'apiKey'): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new UsageError(
      `${words[part]} must be a URL of http or https, such as http://127.0.0.1:3001, got "${value}"`,
    );
  return value.replace(/\/+$/, '');
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}

function readLocal(cwd: string): Partial<Connection> {
  for (let folder = cwd; ; folder = path.dirname(folder)) {
    const file = path.join(folder, localFile);
    if (existsSync(file)) return parseLocal(file);
    if (path.dirname(folder) === folder) return {};
  }
}

function parseLocal(file: string): Partial<Connection> {
  let said: { producer?: unknown; gateway?: unknown; apiKey?: unknown };
  try {
    said = JSON.parse(readFileSync(file, 'utf8')) as typeof said;
  } catch (cause) {
    throw new UsageError(`${file} cannot be read as JSON: ${(cause as Error).message}`);
  }
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const [url, gatewayUrl, apiKey] = [text(said.producer), text(said.gateway), text(said.apiKey)];
  return {
    ...(url !== undefined && { url }),
    ...(gatewayUrl !== undefined && { gatewayUrl }),
    ...(apiKey !== undefined && { apiKey }),
  };
}
