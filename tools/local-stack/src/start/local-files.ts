import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { DispatchMode } from '@baton/contracts';
import type { StackAddresses } from '../stack/stack-addresses.js';
import type { DevelopmentTenant } from './prepare-database.js';
import { writePrivately } from './private-file.js';

/** What `.baton/local.json` says while a local deployment is ready: all that a client, a test or a tool needs. */
export interface LocalDeployment extends StackAddresses {
  producer: string;
  gateway: string;
  console?: string;
  /** The first tenant's, with every scope. */
  apiKey: string;
  tenants: DevelopmentTenant[];
  /** Of servers and services, by name. */
  pids: Record<string, number>;
  modes: readonly DispatchMode[];
}

export async function writeLocalFiles(
  folder: string,
  deployment: LocalDeployment,
  variables: NodeJS.ProcessEnv,
): Promise<void> {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value ?? ''}\n`);
  await writePrivately(path.join(folder, 'local.env'), lines.join(''));
  await writePrivately(path.join(folder, 'local.json'), `${JSON.stringify(deployment, null, 2)}\n`);
}

/** Nothing is ready any more. */
export async function removeLocalFiles(folder: string): Promise<void> {
  await Promise.all(['local.json', 'local.env'].map((name) => rm(path.join(folder, name), { force: true })));
}
