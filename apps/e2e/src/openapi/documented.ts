import { readFile } from 'node:fs/promises';

/** As much of an OpenAPI document as is looked at. */
export interface OpenApi {
  paths: Record<string, Record<string, { responses?: Record<string, unknown> }>>;
}

/** A request and what was answered. */
export interface Exchange {
  method: string;
  path: string;
  status: number;
}

/** Reads a HAR file. */
export async function readExchanges(file: string): Promise<Exchange[]> {
  const { log } = JSON.parse(await readFile(file, 'utf8')) as {
    log: { entries: { request: { method: string; url: string }; response: { status: number } }[] };
  };
  return log.entries.map(({ request, response }) => ({
    method: request.method.toLowerCase(),
    path: new URL(request.url).pathname,
    status: response.status,
  }));
}

/** Which statuses a document names for which routes; `default` is no name. */
export class Documented {
  private readonly routes: { pattern: RegExp; method: string; statuses: Set<string> }[];

  constructor({ paths }: OpenApi) {
    this.routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { responses = {} }]) => ({
        pattern: new RegExp(`^${path.replace(/\{\w+\}/g, '[^/]+')}$`),
        method,
        statuses: new Set(Object.keys(responses)),
      })),
    );
  }

  names({ method, path, status }: Exchange): boolean {
    return this.routes.some(
      (route) => route.method === method && route.pattern.test(path) && route.statuses.has(String(status)),
    );
  }
}
