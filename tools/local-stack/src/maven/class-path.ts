import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import type { LocalStackConfig } from '../local-stack.config.js';
import { repositoryRoot } from '../repository-root.js';
import type { ServiceName } from '../stack/service-name.js';
import { runMaven, type MavenContext } from './maven.js';

export interface PinnedPom {
  file: string;
  /** Of its content: another version of the server, another cache folder. */
  cacheFolder: string;
}

export async function readPinnedPom(config: LocalStackConfig, service: ServiceName): Promise<PinnedPom> {
  const file = path.join(repositoryRoot, 'deploy', 'local', service, 'pom.xml');
  const digest = createHash('sha256')
    .update(await readFile(file))
    .digest('hex')
    .slice(0, 12);
  const cacheFolder = path.join(config.cacheDirectory, `${service}-${digest}`);
  await mkdir(cacheFolder, { recursive: true });
  return { file, cacheFolder };
}

/** The jars of a pinned pom; Maven is asked only if they are not known, or no longer there. */
export async function resolveClassPath(context: MavenContext, service: ServiceName): Promise<string> {
  const pom = await readPinnedPom(context.config, service);
  const cached = path.join(pom.cacheFolder, 'class-path');
  const known = existsSync(cached) ? (await readFile(cached, 'utf8')).trim() : '';
  if (known && known.split(path.delimiter).every((jar) => existsSync(jar))) return known;

  const fresh = `${cached}.${process.pid}`;
  await runMaven(context, service, pom.file, ['dependency:build-classpath', `-Dmdep.outputFile=${fresh}`]);
  await rename(fresh, cached);
  return (await readFile(cached, 'utf8')).trim();
}
