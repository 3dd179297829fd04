import path from 'node:path';

/** The repository. */
export const root = path.resolve(import.meta.dirname, '../../..');

export interface BenchConfig {
  /** What every child process gets: this process's variables, without those that would change what is measured. */
  environment: NodeJS.ProcessEnv;
  /** Servers, their data and logs; deleted at the end. One bench at a time holds it. */
  serversFolder: string;
  logFolder: string;
  profileFolder: string;
  /** Where a run goes that is not a whole one. */
  partialFolder: string;
  /** Where a whole run goes, with the page that explains it. */
  pageFolder: string;
}

export function readBenchConfig(environment: NodeJS.ProcessEnv = process.env): BenchConfig {
  const kept = Object.entries(environment).filter(
    ([name]) => name !== 'NODE_OPTIONS' && !name.startsWith('OTEL_'),
  );
  const folder = path.join(root, '.baton', 'bench');
  return {
    environment: Object.fromEntries(kept),
    serversFolder: path.join(folder, 'servers'),
    logFolder: path.join(folder, 'log'),
    profileFolder: path.join(folder, 'profiles'),
    partialFolder: path.join(folder, 'results'),
    pageFolder: path.join(root, 'docs', 'benchmarks'),
  };
}
