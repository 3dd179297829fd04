import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { ProcessFailedError } from '../local-stack.error.js';
import { repositoryRoot } from '../repository-root.js';
import { nodeArguments } from './node-command.js';
import { readIfThere, writePrivately } from './private-file.js';

export interface DevelopmentTenant {
  name: string;
  apiKey: string;
}

export interface PrepareDatabaseOptions {
  folder: string;
  environment: NodeJS.ProcessEnv;
  /** Overridden in tests. */
  seedEntry?: string;
}

const tenantNames = ['acme', 'globex'];

/**
 * Brings the schema up to date and makes two tenants, the first with every scope, by the producer's own seed
 * entry. That gets on standard input `{"tenants": [{"name", "apiKey"?}]}`, makes what is missing (a key that is
 * given is made valid, as the database keeps only hashes), and prints `{"tenants": [{"name", "apiKey"}]}` as its
 * last line. The keys are remembered in `tenants.json`, so that they are the same at each start.
 */
export async function prepareDatabase({
  folder,
  environment,
  seedEntry = 'apps/producer/src/seed.ts',
}: PrepareDatabaseOptions): Promise<DevelopmentTenant[]> {
  const file = path.join(folder, 'tenants.json');
  const known = JSON.parse((await readIfThere(file)) ?? '[]') as DevelopmentTenant[];
  const wanted = tenantNames.map((name) => known.find((tenant) => tenant.name === name) ?? { name });
  const tenants = await runSeed(seedEntry, environment, { tenants: wanted });
  await writePrivately(file, `${JSON.stringify(tenants, null, 2)}\n`);
  return tenants;
}

async function runSeed(
  entry: string,
  environment: NodeJS.ProcessEnv,
  input: unknown,
): Promise<DevelopmentTenant[]> {
  const child = spawn(process.execPath, nodeArguments(entry), {
    cwd: repositoryRoot,
    env: environment,
    stdio: 'pipe',
  });
  child.stdin.on('error', () => {}); // it ended without reading; its exit code and words say why
  child.stdin.end(JSON.stringify(input));
  const ended = new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  const [printed, complaints, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  if (code !== 0)
    throw new ProcessFailedError(
      `Preparing the database failed (${entry} ended with code ${code}):\n${(printed + complaints).trim().slice(-4_000)}`,
    );
  const answer = JSON.parse(printed.trim().split('\n').at(-1) ?? '') as { tenants: DevelopmentTenant[] };
  return answer.tenants;
}
